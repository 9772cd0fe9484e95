"""The result as one HTML file that needs no network: tables, a DET curve and histograms drawn as SVG."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from edge.tools.evaluation.result import Result

WIDTH, HEIGHT, MARGIN = 560, 340, 50
FNIR_MIN = 1e-3
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled position on an axis, in SVG pixels."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A drawing's line and axes, in SVG pixels."""

    points: str
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]


@dataclass(frozen=True, slots=True)
class Bars:
    """Two outlines over one score axis, each as high as its own highest bin."""

    impostor: str
    genuine: str
    x_ticks: Sequence[Tick]


def html(result: Result, title: str, pictures: Sequence[tuple[str, str]] = ()) -> str:
    """The report. `pictures` are (caption, data URI) of the worst cases, only where the operator asked for them."""
    environment = Environment(
        loader=PackageLoader("edge.tools.evaluation"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["percent"] = percent
    template = environment.get_template("report.html")
    return template.render(
        result=result,
        title=title,
        det=det_curve(result.det),
        bars=histogram(result.histogram),
        pictures=pictures,
        width=WIDTH,
        height=HEIGHT,
        margin=MARGIN,
    )


def percent(share: float) -> str:
    return f"{share * 100:.2f} %"


def det_curve(points: Sequence[Point]) -> Curve:
    """FNIR over FPIR, both logarithmic; an FNIR below FNIR_MIN is drawn at FNIR_MIN."""
    least = min((x for x, _ in points), default=1e-3)
    low = 10 ** math.floor(math.log10(least))
    drawn = " ".join(f"{_log_x(x, low):.1f},{_log_y(max(y, FNIR_MIN)):.1f}" for x, y in points if x > 0)
    decades = range(round(math.log10(low)), 1)
    x_ticks = [Tick(_log_x(10.0**d, low), f"{100 * 10.0**d:g} %") for d in decades]
    y_ticks = [Tick(_log_y(y), f"{100 * y:g} %") for y in (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0)]
    return Curve(drawn, x_ticks, y_ticks)


def histogram(counts: Mapping[str, Sequence[int]]) -> Bars:
    """Scores from -0.5 to 1 of 200 bins from -1 to 1."""

    def outline(values: Sequence[int]) -> str:
        shown = list(values)[50:]
        top = max(1, *shown)
        floor = HEIGHT - MARGIN
        line = [
            f"{MARGIN + i / len(shown) * (WIDTH - 2 * MARGIN):.1f},{floor - v / top * (HEIGHT - 2 * MARGIN):.1f}"
            for i, v in enumerate(shown)
        ]
        return " ".join((f"{MARGIN},{floor}", *line, f"{WIDTH - MARGIN},{floor}"))

    ticks = [Tick(MARGIN + (s + 0.5) / 1.5 * (WIDTH - 2 * MARGIN), f"{s:g}") for s in (-0.5, 0, 0.25, 0.5, 0.75, 1)]
    return Bars(outline(counts["impostor"]), outline(counts["genuine"]), ticks)


def _log_x(share: float, low: float) -> float:
    return MARGIN + (math.log10(share / low) / -math.log10(low) if low < 1 else 0) * (WIDTH - 2 * MARGIN)


def _log_y(share: float) -> float:
    return HEIGHT - MARGIN - math.log10(share / FNIR_MIN) / -math.log10(FNIR_MIN) * (HEIGHT - 2 * MARGIN)
