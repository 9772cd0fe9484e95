"""A map without tiles: outlines from GeoJSON and dots for sites, as SVG. It needs no other server and no script."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, MARGIN = 560.0, 400.0, 14.0

Position = tuple[float, float]
"""Longitude and latitude, WGS84."""


@dataclass(frozen=True)
class MapPlace:
    """A place with its outline: a GeoJSON Polygon or MultiPolygon."""

    name: str
    outline: Mapping[str, Any]
    address: str = ""


@dataclass(frozen=True)
class MapDot:
    """A site. `tone` is good, care, bad or quiet."""

    name: str
    longitude: float
    latitude: float
    tone: str
    address: str = ""


@dataclass(frozen=True)
class DrawnArea:
    """A place as drawn: the path of its outline and where its name stands."""

    name: str
    path: str
    x: float
    y: float
    address: str


@dataclass(frozen=True)
class DrawnDot:
    """A site as drawn."""

    name: str
    x: float
    y: float
    tone: str
    address: str


@dataclass(frozen=True)
class SiteMap:
    """What the template draws."""

    areas: tuple[DrawnArea, ...]
    dots: tuple[DrawnDot, ...]
    width: int = int(WIDTH)
    height: int = int(HEIGHT)

    def __bool__(self) -> bool:
        return bool(self.areas or self.dots)


def site_map(places: Sequence[MapPlace], dots: Sequence[MapDot]) -> SiteMap:
    """Return a map that holds all places and dots. An outline that cannot be read is left out."""
    outlines = [(place, rings) for place in places if (rings := list(_rings(place.outline)))]
    positions = [position for _place, rings in outlines for ring in rings for position in ring]
    positions += [(dot.longitude, dot.latitude) for dot in dots]
    if not positions:
        return SiteMap((), ())
    onto = _Projection(positions)
    return SiteMap(
        tuple(_area(place, rings, onto) for place, rings in outlines),
        tuple(DrawnDot(d.name, *onto((d.longitude, d.latitude)), d.tone, d.address) for d in dots),
    )


class _Projection:
    """Equal distances in both directions at the middle of the map: exact enough for a district."""

    def __init__(self, positions: Sequence[Position]) -> None:
        self._west, self._east = min(p[0] for p in positions), max(p[0] for p in positions)
        self._south, self._north = min(p[1] for p in positions), max(p[1] for p in positions)
        self._narrow = math.cos(math.radians((self._south + self._north) / 2))
        wide, high = (self._east - self._west) * self._narrow, self._north - self._south
        self._scale = min(
            (WIDTH - 2 * MARGIN) / wide if wide else math.inf, (HEIGHT - 2 * MARGIN) / high if high else math.inf
        )
        if math.isinf(self._scale):
            self._scale = 1.0  # one dot
        self._x = (WIDTH - wide * self._scale) / 2
        self._y = (HEIGHT - high * self._scale) / 2

    def __call__(self, position: Position) -> Position:
        x = self._x + (position[0] - self._west) * self._narrow * self._scale
        y = self._y + (self._north - position[1]) * self._scale
        return round(x, 1), round(y, 1)


def _area(place: MapPlace, rings: Iterable[Sequence[Position]], onto: _Projection) -> DrawnArea:
    drawn = [[onto(position) for position in ring] for ring in rings]
    path = " ".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in drawn)
    longest = max(drawn, key=len)
    x = (min(p[0] for p in longest) + max(p[0] for p in longest)) / 2
    top = min(p[1] for p in longest)
    low = max(p[1] for p in longest)
    return DrawnArea(place.name, path, round(x, 1), round(top + (low - top) * 0.22, 1), place.address)


def _rings(outline: Mapping[str, Any]) -> Iterator[list[Position]]:
    """Give the rings of a geometry. Places keep only checked outlines; what is not one gives nothing."""
    coordinates: Any = outline.get("coordinates") if isinstance(outline, Mapping) else None
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(str(outline.get("type"))) or []
    for polygon in polygons:
        for ring in polygon or []:
            try:
                yield [(float(position[0]), float(position[1])) for position in ring]
            except (TypeError, ValueError, IndexError):
                continue
