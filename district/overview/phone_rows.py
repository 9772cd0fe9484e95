"""What the overview adds to a worker's first page on the phone."""

from django.utils.translation import gettext_lazy as _

from district.phones.rows import PhoneRow

ROWS = (PhoneRow(_("Your first day"), "overview:my_first_day", 900, "sun"),)
