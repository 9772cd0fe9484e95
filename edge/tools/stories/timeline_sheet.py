"""A sheet with a time axis: rows of states and of moments, drawn with drawsvg. Lengths are in the sheet's own units."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import drawsvg

WIDTH, LEFT, RIGHT, MARGIN = 1400, 168, 36, 24
FONT = "DejaVu Sans, Noto Sans, Arial, sans-serif"
WIDE_FONT = "Noto Sans CJK SC, Noto Sans SC, sans-serif"
"""For words with Chinese characters. A renderer that falls back glyph by glyph takes any font that has them."""
INK, FAINT, GRID, PAPER, SHADE, LEADER = "#16202a", "#5b6875", "#e3e8ed", "#ffffff", "#eef0f2", "#b4bec8"
LEVEL = 19.0
"""Height of one level of stacked words."""
_PAPER, _SHADES, _LINES, _FRONT = range(4)
"""Drawing order: the paper, shaded times, then lines, then everything else."""
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_TICK_MIN = 62.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that belongs to a moment."""

    at_s: float
    text: str
    colour: str = INK


@dataclass(frozen=True, slots=True)
class Band:
    """A state that lasts, with its colour and its word. `ink` is the colour of the word inside it."""

    from_s: float
    until_s: float
    text: str
    colour: str
    ink: str = "#ffffff"


class TimelineSheet:
    """Draws rows from the top down. `y` is where the next row begins."""

    def __init__(self, ends_s: float, top: float, description: str) -> None:
        """`description` is read to people who do not see the picture."""
        self._ends_s = ends_s
        self._shaded: list[tuple[float, float]] = []
        self._top = self.y = top
        said = {"role": "img", "aria-label": description}
        self._drawing = drawsvg.Drawing(WIDTH, top, font_family=FONT, **said)

    def x(self, at_s: float) -> float:
        """The place of a moment; times outside the story lie at its ends."""
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(at_s, 0.0), self._ends_s) / self._ends_s

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, *, radius: float = 3, z: int = _FRONT
    ) -> None:
        """Draw a filled rectangle with rounded corners."""
        x, y, width, height = (round(value, 1) for value in (x, y, width, height))
        self._drawing.append(drawsvg.Rectangle(x, y, width, height, rx=radius, fill=fill), z=z)

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str) -> None:
        """Draw a thin line behind rectangles and words."""
        ends = (round(value, 1) for value in (x1, y1, x2, y2))
        self._drawing.append(drawsvg.Line(*ends, stroke=colour), z=_LINES)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 14,
        colour: str = INK,
        *,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Write one line; `y` is its base line."""
        style = {"font_weight": "700"} if bold else {}
        if any(map(_is_wide, text)):
            style["font_family"] = WIDE_FONT
        self._drawing.append(
            drawsvg.Text(text, size, round(x, 1), round(y, 1), fill=colour, text_anchor=anchor, **style), z=_FRONT
        )

    def shade(self, from_s: float, until_s: float) -> None:
        """Lay a grey ground behind all rows."""
        self._shaded.append((from_s, until_s))

    def heading(self, name: str, height: float) -> None:
        """Write the name of the row that begins here, and draw the thin line above it."""
        self.line(MARGIN, self.y, WIDTH - RIGHT, self.y, GRID)
        self.text(MARGIN, self.y + height / 2 + 11, name, 14, FAINT, bold=True)

    def bands(self, name: str, bands: Sequence[Band], height: float = 30) -> None:
        """Draw a row of states side by side. A word that does not fit into its band stands below it."""
        self.heading(name, height)
        outside: list[Mark] = []
        for band in bands:
            x, width = self.x(band.from_s), max(2.5, self.x(band.until_s) - self.x(band.from_s))
            self.rect(x, self.y + 8, width, height, band.colour)
            if text_width(band.text, 14) + 14 <= width:
                self.text(x + 8, self.y + 8 + height / 2 + 5, band.text, 14, band.ink)
            elif band.text:
                outside.append(Mark(band.from_s, band.text, INK))
        self.y += height + 16 + self._stacked(outside, self.y + 8 + height)

    def marks(self, name: str, marks: Sequence[Mark]) -> None:
        """Draw a row of moments with their words. Equal words at one moment are written once, with their number."""
        self.heading(name, 18)
        many = Counter(marks)
        marks = [replace(m, text=f"{m.text} × {n}") if n > 1 else m for m, n in many.items()]
        for mark in marks:
            place = round(self.x(mark.at_s), 1), round(self.y + 17, 1)
            self._drawing.append(drawsvg.Circle(*place, 5.5, fill=mark.colour), z=_FRONT)
        self.y += 34 + self._stacked(marks, self.y + 23)

    def finish(self) -> str:
        """Add axis and shades, and return the SVG text. Equal rows give equal text, byte for byte."""
        self._axis()
        for from_s, until_s in self._shaded:
            x, y = self.x(from_s), self._top
            self.rect(x, y, self.x(until_s) - x, self.y - y, SHADE, radius=0, z=_SHADES)
        height = self._drawing.height = round(self.y + 40)
        self._drawing.view_box = (0, 0, WIDTH, height)
        self.rect(0, 0, WIDTH, height, PAPER, radius=0, z=_PAPER)
        return str(self._drawing.as_svg(header=""))

    def _stacked(self, marks: Sequence[Mark], y: float, size: float = 13) -> float:
        """Write words below `y`, on deeper levels where they would overlap. Return the height they take."""
        taken: list[list[tuple[float, float]]] = []
        for mark in sorted(marks, key=lambda m: m.at_s):
            x, width = self.x(mark.at_s), text_width(mark.text, size) + 10
            at_end = x + width > WIDTH - RIGHT + 20
            span = (x - width, x + 6) if at_end else (x - 6, x + width)
            level = _free_level(taken, span)
            base = y + 15 + level * LEVEL
            self.line(x, y, x, base, LEADER)
            side, anchor = (x - 5, "end") if at_end else (x + 5, "start")
            self.text(side, base, mark.text, size, mark.colour, anchor=anchor)
        return len(taken) * LEVEL

    def _axis(self) -> None:
        """Draw a vertical line and a label at every step that leaves room for labels."""
        room = (WIDTH - LEFT - RIGHT) / self._ends_s
        step_s = next((s for s in _STEPS_S if s * room >= _TICK_MIN), 1200)
        for number in range(int(self._ends_s / step_s + 1e-6) + 1):
            x = self.x(number * step_s)
            self.line(x, self._top, x, self.y, GRID)
            self.text(x, self.y + 20, f"{number * step_s:g} s", 12, FAINT, anchor="middle")


def text_width(text: str, size: float) -> float:
    """Estimate the width of a text, rather too wide than too narrow: the reader's font is not known here."""
    return sum(size * (1.0 if _is_wide(c) else 0.62) for c in text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _free_level(taken: list[list[tuple[float, float]]], span: tuple[float, float]) -> int:
    """Take the first level on which nothing overlaps `span`, a new one if need be."""
    for level, row in enumerate(taken):
        if all(span[1] < start or end < span[0] for start, end in row):
            row.append(span)
            return level
    taken.append([span])
    return len(taken) - 1
