"""Draws the outline of a place as a small picture. Pure."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SIDE = 240.0


@dataclass(frozen=True, slots=True)
class OutlinePath:
    """The path of an SVG picture and its size."""

    path: str
    width: int
    height: int


def outline_path(geometry: Mapping[str, Any] | None) -> OutlinePath | None:
    """Return the outline, scaled so that its longer side is `SIDE`; None without an area."""
    rings = list(_rings(geometry or {}))
    points = [point for ring in rings for point in ring]
    if not points:
        return None
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    narrow = math.cos(math.radians((south + north) / 2))  # a degree of longitude is shorter than one of latitude
    width, height = (east - west) * narrow, north - south
    if max(width, height) <= 0:
        return None
    scale = SIDE / max(width, height)
    lines = (
        "M" + "L".join(f"{(x - west) * narrow * scale:.1f} {(north - y) * scale:.1f}" for x, y in ring) + "Z"
        for ring in rings
    )
    return OutlinePath("".join(lines), max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale)))


def _rings(geometry: Mapping[str, Any]) -> Iterator[list[tuple[float, float]]]:
    areas = geometry.get("coordinates") or ()
    for area in areas if geometry.get("type") == "MultiPolygon" else [areas]:
        for ring in area:
            yield [(point[0], point[1]) for point in ring]
