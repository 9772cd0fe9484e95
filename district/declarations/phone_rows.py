"""The row of a worker's first page."""

from django.utils.translation import gettext_lazy as _

from district.declarations.asking import is_asked
from district.phones.rows import PhoneRow

ROWS = (PhoneRow(_("Declare health and trips"), "declarations:declare", 10, "check", when=is_asked),)
