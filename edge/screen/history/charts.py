"""Bars of a chart as plain numbers. The template draws them as SVG, so that no page needs a script for it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, TOP = 720.0, 84.0, 16.0
"""Of the drawing, in its own units. The highest bar leaves TOP free for its number."""
GAP = 0.24
"""Share of a bar's place that stays free."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `middle`: where its label stands. `value` is written above it."""

    label: str
    value: int
    x: float
    y: float
    width: float
    height: float
    middle: float


@dataclass(frozen=True, slots=True)
class Chart:
    """One row of bars. `total`: of all bars. `wide`, `high`: size of the drawing."""

    title: str
    bars: tuple[Bar, ...]
    total: int
    wide: float = WIDTH
    high: float = HEIGHT + 18.0
    floor: float = HEIGHT


def chart(title: str, labels: Sequence[str], values: Sequence[int], most: int = 0) -> Chart:
    """Return the bars. `most`: the value of the highest possible bar, for charts with one scale; 0: of this chart."""
    most = max(most, *values, 1) if values else 1
    place = WIDTH / max(1, len(values))
    bars = tuple(
        Bar(
            label,
            value,
            round((at + GAP / 2) * place, 1),
            round(HEIGHT - (HEIGHT - TOP) * value / most, 1),
            round((1 - GAP) * place, 1),
            round((HEIGHT - TOP) * value / most, 1),
            round((at + 0.5) * place, 1),
        )
        for at, (label, value) in enumerate(zip(labels, values, strict=True))
    )
    return Chart(title, bars, sum(values))
