"""Administrative areas by code (GB/T 2260): `440605` a county, `440600` a city, `440000` a province. Pure."""

import unicodedata

from django.utils.translation import gettext_noop

from district.declarations.rules.refusals import DeclarationRefused
from district.people.rules import PROVINCES


def area_code(text: str) -> str:
    """Return a code of six digits. Two or four digits mean a whole province or city. Raises DeclarationRefused."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return ""
    if plain.isascii() and plain.isdigit() and len(plain) in {2, 4, 6}:
        found = plain.ljust(6, "0")
        if found[:2] in PROVINCES and not (found[2:4] == "00" and found[4:] != "00"):
            return found
    raise DeclarationRefused(gettext_noop("This place is not known: choose it from the list."))


def lies_in(code: str, area: str) -> bool:
    """Say whether a place is certainly inside an area. Each area lies in itself."""
    return bool(area) and code.startswith(_stem(area))


def _stem(area: str) -> str:
    if area.endswith("0000"):
        return area[:2]
    return area[:4] if area.endswith("00") else area
