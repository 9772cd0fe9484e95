"""Charts as SVG from the server: they print, need no script, and say their figures to a screen reader.

Templates: `{% bar_chart points %}` for a row of columns, `{% share_chart items %}` for a list of bars.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 440, 190
_LEFT, _BOTTOM, _TOP = 38, 20, 10


@dataclass(frozen=True)
class ChartPoint:
    """One column: what stands below it, its figure, and whether it is quiet (such as hours to come)."""

    label: str
    value: int
    quiet: bool = False


@dataclass(frozen=True)
class _Column:
    label: str
    value: int
    x: float
    y: float
    width: float
    height: float
    middle: float
    quiet: bool
    labelled: bool


@dataclass(frozen=True)
class BarChart:
    """A chart with its distances: what the template draws."""

    columns: tuple[_Column, ...]
    lines: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    base: int = HEIGHT - _BOTTOM


@dataclass(frozen=True)
class ShareItem:
    """One bar of a list of bars."""

    label: str
    value: int
    width: float
    address: str = ""


def bar_chart(points: Sequence[ChartPoint], *, every: int = 1) -> BarChart:
    """Return a chart of columns; `every` says which labels are written (each second, each third …)."""
    top = nice_top(max((point.value for point in points), default=0))
    base, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    step = (WIDTH - _LEFT) / max(len(points), 1)
    columns = []
    for number, point in enumerate(points):
        height = round(room * point.value / top, 1)
        x, width = _LEFT + number * step + step * 0.14, step * 0.72
        columns.append(
            _Column(
                label=point.label,
                value=point.value,
                x=round(x, 1),
                y=round(base - height, 1),
                width=round(width, 1),
                height=height,
                middle=round(x + width / 2, 1),
                quiet=point.quiet,
                labelled=number % every == 0,
            )
        )
    lines = tuple((round(base - room * part / 2, 1), f"{top * part // 2:,}") for part in (0, 1, 2))
    return BarChart(tuple(columns), lines)


def share_items(counts: Sequence[tuple[str, int]], *, most: int = 8, other: str = "") -> tuple[ShareItem, ...]:
    """Return bars for counts, the longest first. More than `most` become one bar named `other`."""
    ordered = sorted(counts, key=lambda item: (-item[1], item[0]))
    if len(ordered) > most and other:
        ordered = [*ordered[: most - 1], (other, sum(value for _label, value in ordered[most - 1 :]))]
    longest = max((value for _label, value in ordered), default=0) or 1
    return tuple(ShareItem(label, value, round(100 * value / longest, 1)) for label, value in ordered[:most])


def nice_top(value: int) -> int:
    """Return a round number at or above a value, which halves without a rest."""
    unit = 1
    while True:
        for factor in (2, 4, 6, 10):
            if value <= factor * unit:
                return factor * unit
        unit *= 10
