"""The curves of the report: error rates and score histograms as SVG, drawn with drawsvg."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import drawsvg

WIDTH, HEIGHT, MARGIN = 560, 340, 50
FNIR_MIN = 1e-3
FNIR_TICKS = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0)
SCORES = (-0.5, 1.0)
"""The histogram's axis. Its bins go from -1 to 1; scores below the axis are rare and say nothing."""
SCORE_TICKS = (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0)
FONT = "system-ui, sans-serif"
FAINT, AXIS, CURVE, IMPOSTOR, GENUINE = "#566472", "#b6c0c9", "#0b5cad", "#c0392b", "#1e8449"
Point = tuple[float, float]
Scale = Callable[[float], float]


def det_curve(points: Sequence[Point]) -> str:
    """Draw FNIR over FPIR, (FPIR, FNIR) of shares 0-1, on two logarithmic axes. An FNIR below FNIR_MIN is drawn at
    FNIR_MIN."""
    least = min((fpir for fpir, _ in points if fpir > 0), default=1e-3)
    decades = range(min(math.floor(math.log10(least)), -1), 1)
    x = _logarithmic(10.0 ** decades[0], 1.0, MARGIN, WIDTH - MARGIN)
    y = _logarithmic(FNIR_MIN, 1.0, HEIGHT - MARGIN, MARGIN)
    drawing = _drawing("FNIR over FPIR")
    for share in (10.0**decade for decade in decades):
        drawing.append(drawsvg.Line(x(share), MARGIN, x(share), HEIGHT - MARGIN, stroke=AXIS))
        _label(drawing, f"{100 * share:g} %", x(share), HEIGHT - MARGIN + 18)
    for share in FNIR_TICKS:
        drawing.append(drawsvg.Line(MARGIN, y(share), WIDTH - MARGIN, y(share), stroke=AXIS))
        _label(drawing, f"{100 * share:g} %", MARGIN - 6, y(share) + 4, "end")
    drawn = [(x(fpir), y(max(fnir, FNIR_MIN))) for fpir, fnir in points if fpir > 0]
    drawing.append(drawsvg.Lines(*_flat(drawn), fill="none", stroke=CURVE, stroke_width=2, id="det"))
    _label(drawing, "FPIR: a stranger is taken for somebody", WIDTH / 2, HEIGHT - 8)
    _label(drawing, "FNIR: an enrolled person is missed", 4, MARGIN - 16, "start")
    return str(drawing.as_svg(header=""))


def score_histogram(counts: Mapping[str, Sequence[int]]) -> str:
    """Draw the scores of different people and of one person, each as high as its own highest bin.

    `counts` holds "impostor" and "genuine": equal bins from -1 to 1.
    """
    drawing = _drawing("Score histograms")
    x = _linear(*SCORES, MARGIN, WIDTH - MARGIN)
    for kind, colour in (("impostor", IMPOSTOR), ("genuine", GENUINE)):
        outline = _outline(counts[kind], x)
        drawing.append(drawsvg.Lines(*_flat(outline), close=True, fill=f"{colour}55", stroke=colour))
    for score in SCORE_TICKS:
        _label(drawing, f"{score:g}", x(score), HEIGHT - MARGIN + 18)
    words = "comparison score; red: different people, green: one person, each to its own scale"
    _label(drawing, words, WIDTH / 2, HEIGHT - 8)
    return str(drawing.as_svg(header=""))


def _outline(counts: Sequence[int], x: Scale) -> list[Point]:
    """The corners of the filled shape, left to right, ending on the axis."""
    floor, width = HEIGHT - MARGIN, 2 / len(counts)
    shown = [(-1 + number * width, count) for number, count in enumerate(counts) if -1 + number * width >= SCORES[0]]
    height = _linear(0, max(1, *(count for _, count in shown)), floor, MARGIN)
    return [(MARGIN, floor), *((x(score), height(count)) for score, count in shown), (WIDTH - MARGIN, floor)]


def _drawing(description: str) -> drawsvg.Drawing:
    said = {"role": "img", "aria-label": description}
    return drawsvg.Drawing(WIDTH, HEIGHT, font_family=FONT, **said)


def _label(drawing: drawsvg.Drawing, text: str, x: float, y: float, anchor: str = "middle") -> None:
    drawing.append(drawsvg.Text(text, 12, round(x, 1), round(y, 1), fill=FAINT, text_anchor=anchor))


def _linear(low: float, high: float, at_low: float, at_high: float) -> Scale:
    return lambda value: round(at_low + (value - low) / (high - low) * (at_high - at_low), 1)


def _logarithmic(low: float, high: float, at_low: float, at_high: float) -> Scale:
    linear = _linear(math.log10(low), math.log10(high), at_low, at_high)
    return lambda value: linear(math.log10(value))


def _flat(points: Iterable[Point]) -> list[float]:
    return [value for point in points for value in point]
