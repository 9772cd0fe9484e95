"""What holds for places, enterprises and sites. Pure."""

import json
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop
from pypinyin import lazy_pinyin
from stdnum.cn import uscc as uscc_of
from stdnum.exceptions import ValidationError as UsccError

from common.sheets.refusals import SheetError
from contract.names import matched

RANKS = {"district": 0, "town": 1, "community": 2, "grid": 3, "site": 4}
"""Kinds of places, from the widest. Levels may be left out, never turned round."""
OUTLINE_BYTES_MAX = 300_000
OUTLINE_POINTS_MAX = 5_000
_AREAS = {"Polygon": 2, "MultiPolygon": 3}
"""Geometries with an area, and how deep their rings lie."""
NEEDS_OFFICER = frozenset({"enterprise", "site", "grid"})
NEEDS_LIAISON = frozenset({"enterprise", "site"})
"""A place or enterprise without one of these is a vacancy. A grid has an officer alone."""

SILENT = timedelta(minutes=15)
"""A gate reports each minute; one that was not heard for so long is silent."""


def is_silent(heard: datetime | None, now: datetime) -> bool:
    """Say whether a gate has not been heard for too long."""
    return heard is None or now - heard > SILENT


class PlaceRefused(SheetError):
    """A change that cannot be. The text says what to do; `_(error.text) % error.values` says it in a language."""


@dataclass(frozen=True, slots=True)
class Outline:
    """An area on the map (GeoJSON, WGS84), without anything else that the file held."""

    geometry: dict[str, Any]
    points: int


def may_stand_below(kind: str, parent: str) -> bool:
    """Say whether a place of a kind may stand directly below another."""
    return parent != "site" and RANKS[kind] > RANKS[parent]


def checked_uscc(text: str) -> str:
    """Return a unified social credit code in its normal form. Raises PlaceRefused."""
    code = "".join(matched(text).upper().split()).replace("-", "")
    try:
        return str(uscc_of.validate(code))
    except UsccError as error:
        sentence = gettext_noop(
            "%(code)s is no unified social credit code: it has 18 digits and letters, and the last checks the others"
        )
        raise PlaceRefused(sentence, code=code[:40]) from error


def checked_outline(content: bytes) -> Outline:
    """Read the area from a GeoJSON file. Raises PlaceRefused."""
    if len(content) > OUTLINE_BYTES_MAX:
        raise PlaceRefused(
            gettext_noop("The outline has more than %(most)s kB: simplify it."), most=OUTLINE_BYTES_MAX // 1000
        )
    try:
        said = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PlaceRefused(gettext_noop("This is no GeoJSON file: export the outline as GeoJSON.")) from error
    areas = list(_areas(said, 0))
    if len(areas) != 1:
        raise PlaceRefused(gettext_noop("The file holds %(count)s areas: it must be one."), count=len(areas))
    kind = areas[0]["type"]
    points = list(_points(areas[0].get("coordinates"), _AREAS[kind]))
    if sum(map(len, points)) > OUTLINE_POINTS_MAX:
        raise PlaceRefused(
            gettext_noop("The outline has more than %(most)s points: simplify it."), most=OUTLINE_POINTS_MAX
        )
    if not points:
        raise PlaceRefused(gettext_noop("The outline has no points: draw it again."))
    rounded = _rounded(areas[0]["coordinates"], _AREAS[kind])
    return Outline({"type": kind, "coordinates": rounded}, sum(map(len, points)))


def checked_position(longitude: float | None, latitude: float | None) -> None:
    """Check a position on the map. Raises PlaceRefused."""
    if (longitude is None) != (latitude is None):
        raise PlaceRefused(
            gettext_noop("A position needs both longitude and latitude: write the other, or clear both.")
        )
    if longitude is not None and latitude is not None and not _is_position([longitude, latitude]):
        raise PlaceRefused(
            gettext_noop("%(longitude)s, %(latitude)s is no position: longitude -180 to 180, latitude -90 to 90"),
            longitude=longitude,
            latitude=latitude,
        )


def is_site_id(text: str) -> bool:
    """Say whether HQ and its gates can name a site so."""
    return re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", text) is not None


def proposed_site_id(name: str, taken: Collection[str]) -> str:
    """Return a free id of small letters, digits and hyphens, made from the name of a site."""
    plain = re.sub("[^a-z0-9]+", "-", " ".join(lazy_pinyin(name)).lower())
    base = plain.strip("-")[:40].rstrip("-") or "site"
    found, number = base, 2
    while found in taken:
        found, number = f"{base}-{number}", number + 1
    return found


def _areas(said: Any, depth: int) -> Iterator[dict[str, Any]]:
    if not isinstance(said, dict) or depth > 4:
        return
    match said.get("type"):
        case "FeatureCollection":
            features = said.get("features")
            for one in features if isinstance(features, list) else ():
                yield from _areas(one, depth + 1)
        case "Feature":
            yield from _areas(said.get("geometry"), depth + 1)
        case "Polygon" | "MultiPolygon":
            yield said


def _points(said: Any, depth: int) -> Iterator[list[list[float]]]:
    """Yield the rings. Raises PlaceRefused for what is no ring."""
    if not isinstance(said, list) or not said:
        raise PlaceRefused(gettext_noop("The outline is damaged: export it again."))
    if depth > 1:
        for one in said:
            yield from _points(one, depth - 1)
        return
    if not all(map(_is_position, said)):
        raise PlaceRefused(
            gettext_noop("The outline has a point that is no longitude and latitude: export it in WGS84 (EPSG:4326).")
        )
    if len(said) < 4 or said[0][:2] != said[-1][:2]:
        raise PlaceRefused(gettext_noop("A ring of the outline is not closed: its last point must be its first."))
    yield said


def _is_position(said: Any) -> bool:
    return (
        isinstance(said, list)
        and 2 <= len(said) <= 3
        and all(isinstance(one, int | float) and not isinstance(one, bool) for one in said)
        and all(abs(one) <= 1_000_000 and math.isfinite(one) for one in said)
        and -180 <= said[0] <= 180
        and -90 <= said[1] <= 90
    )


def _rounded(said: list[Any], depth: int) -> list[Any]:
    if depth > 0:
        return [_rounded(one, depth - 1) for one in said]
    return [round(float(one), 6) for one in said[:2]]
