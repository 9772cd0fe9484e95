"""Names of provinces, cities and counties (GB/T 2260): find the code of what somebody typed, and show a code."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from django.utils.translation import get_language, gettext_noop
from pypinyin import lazy_pinyin

from district.declarations.rules import DeclarationRefused, area_code, lies_in
from district.people.rules import PROVINCES

_LINE = re.compile(r'\s*(\d{2,4})\s+\w+="([^"]+)"')
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_ENDINGS = re.compile(
    r"(维吾尔自治区|壮族自治区|回族自治区|自治区|特别行政区|地区|林区|省|市|区|县|旗|盟|(?:\w{1,2}族)+自治[州县])$"
)
_GENERIC = re.compile(r"市辖区|县|(省|自治区)直辖.*")
"""Names of the table that name no place."""
_TEXT_MAX, _SHOWN_MAX = 100, 3


@dataclass(frozen=True, slots=True)
class NamedArea:
    """One area with the names above it; empty where it has none."""

    code: str
    province: str
    city: str = ""
    county: str = ""

    @property
    def level(self) -> int:
        """Return 1 of a province, 2 of a city, 3 of a county."""
        return 3 if self.county else 2 if self.city else 1

    @property
    def names(self) -> tuple[str, ...]:
        """Return its names, the widest first."""
        return tuple(name for name in (self.province, self.city, self.county) if name)


@cache
def named_areas() -> dict[str, NamedArea]:
    """Return the present areas by code, from the table that python-stdnum carries."""
    found: dict[str, NamedArea] = {}
    province = ""
    for line in files("stdnum.cn").joinpath("loc.dat").read_text("utf-8").splitlines():
        if (read := _LINE.match(line)) is None:
            continue
        digits, name = read[1], _present_name(read[2])
        if len(digits) == 2:
            province = digits
            found[digits.ljust(6, "0")] = NamedArea(digits.ljust(6, "0"), name)
        elif name and not _GENERIC.fullmatch(name) and digits != "0000" and province in PROVINCES:
            code, above = province + digits, found[province.ljust(6, "0")].province
            if digits.endswith("00"):
                found[code] = NamedArea(code, above, name)
            else:
                city = found.get(f"{code[:4]}00")
                found[code] = NamedArea(code, above, city.city if city else "", name)
    cities = {area.names for area in found.values() if area.level == 2}
    kept = {
        code: area
        for code, area in found.items()
        if code[:2] in PROVINCES and not (area.level == 3 and (area.province, area.county) in cities)
    }  # the table still has some counties that became cities
    missing = {f"{two}0000": names[0] for two, names in PROVINCES.items() if f"{two}0000" not in kept}
    return kept | {code: NamedArea(code, name) for code, name in missing.items()}


def area_label(code: str) -> str:
    """Return an area in the reader's language; a code that the table lacks is shown as it is."""
    area = named_areas().get(code) or named_areas().get(f"{code[:4]}00")
    if area is None:
        names = PROVINCES.get(code[:2])
        return f"{names[1 if _english() else 0]} {code}" if names else code
    if not _english():
        return " ".join(dict.fromkeys(area.names))
    own = [_latin(name) for name in area.names[1:]]
    return ", ".join([*reversed(own), PROVINCES[code[:2]][1]])


def area_text(code: str) -> str:
    """Return an area as a form shows it, so that `area_of` finds it again."""
    if not code:
        return ""
    label = area_label(code)
    try:
        return label if area_of(label) == code else f"{label} {code}"
    except DeclarationRefused:
        return f"{label} {code}"


def listed_areas() -> list[str]:
    """Return the provinces and cities, as a form suggests them."""
    return [area_label(code) for code, area in named_areas().items() if area.level < 3]


def area_of(text: str) -> str:
    """Return the code of what somebody typed: a code, a name or its pinyin. Raises DeclarationRefused."""
    plain = unicodedata.normalize("NFKC", text[:_TEXT_MAX]).strip()
    if code := _CODE.search(plain):
        return area_code(code[0])
    if not plain or plain.isdigit():
        return area_code(plain)
    found = _found(re.sub(r"[\s,，、·/\-]+", "", plain).casefold(), english="," in plain)
    provinces = {code for code in found if named_areas()[code].level == 1}
    found = provinces or {one for one in found if not any(one != other and lies_in(one, other) for other in found)}
    if len(found) > 1:
        names = " / ".join(area_label(code) for code in sorted(found)[:_SHOWN_MAX])
        raise DeclarationRefused(
            gettext_noop("Several places are called so: write one of them whole, such as %(names)s."), names=names
        )
    return found.pop() if found else area_code("?")


def _found(plain: str, *, english: bool) -> set[str]:
    """Return the areas whose name ends the text, behind nothing but names above them."""
    found: set[str] = set()
    for start in range(len(plain)):
        for code in _by_name().get(plain[start:], ()):
            if plain[:start] in _heads(code):
                found.add(code)
    if english and not found:  # "Wuhan, Hubei": the narrow name comes first
        for end in range(len(plain)):
            for code in _by_name().get(plain[:end], ()):
                if plain[end:] in _heads(code):
                    found.add(code)
    return found


@cache
def _by_name() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code, area in named_areas().items():
        for name in _written(area, area.level - 1):
            found.setdefault(name, []).append(code)
    return {name: tuple(codes) for name, codes in found.items()}


def _heads(code: str) -> set[str]:
    """Return the texts that may stand before an area's own name: names above it, whole or short."""
    area = named_areas()[code]
    heads = {""}
    for level in range(area.level - 1):
        heads |= {head + name for head in heads for name in _written(area, level)}
    return heads


def _written(area: NamedArea, level: int) -> Iterator[str]:
    """Yield how people write the name of one level of an area."""
    names = [area.province, area.city, area.county]
    name = names[level]
    if not name:
        return
    short = _short(name)
    yield from dict.fromkeys((name, short))
    if level < 2:
        yield from dict.fromkeys("".join(lazy_pinyin(one)) for one in (name, short))
    if level == 0:
        yield PROVINCES[area.code[:2]][1].casefold().replace(" ", "")


def _short(name: str) -> str:
    """Return a name without its ending, if two signs are left."""
    short = _ENDINGS.sub("", name)
    return short if len(short) > 1 else name


def _latin(name: str) -> str:
    return "".join(lazy_pinyin(_short(name))).capitalize()


def _present_name(text: str) -> str:
    """Return the name in force, of `[1983-1986]郊区,[1987-]白云区`; empty if the area is gone."""
    for one in reversed(text.split(",")):
        span = re.match(r"\[(\d*)-(\d*)\]", one)
        if span is None or not span[2]:
            return one[span.end() :] if span else one
    return ""


def _english() -> bool:
    return not (get_language() or "").startswith("zh")
