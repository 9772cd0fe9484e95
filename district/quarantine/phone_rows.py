"""What quarantine adds to a worker's first page on the phone."""

from django.utils.translation import gettext_lazy as _

from district.phones.rows import PhoneRow
from district.quarantine.views.phone import is_in_quarantine

ROWS = (PhoneRow(_("My quarantine"), "quarantine:mine", 10, "shield", when=is_in_quarantine),)
