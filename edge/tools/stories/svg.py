"""A sheet with a time axis to draw on, as SVG text. All lengths are in the sheet's own units."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape, quoteattr

WIDTH, LEFT, RIGHT = 1400.0, 168.0, 36.0
FONT = "DejaVu Sans, Noto Sans, Arial, sans-serif"
WIDE_FONT = "Noto Sans CJK SC, Noto Sans SC, sans-serif"
"""For words with Chinese characters: renderers that fall back glyph by glyph would take any font that has them."""
INK, FAINT, GRID, PAPER = "#16202a", "#5b6875", "#e3e8ed", "#ffffff"
LEVEL = 19.0
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_TICK_MIN = 62.0


def text_width(text: str, size: float) -> float:
    """About how wide a text is set, rather too wide than too narrow."""
    return sum(size * (1.0 if _is_wide(c) else 0.62) for c in text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that belongs to a moment."""

    at_s: float
    text: str
    colour: str = INK


@dataclass(frozen=True, slots=True)
class Band:
    """A state that lasts, with its colour and its word; `ink` is the colour of the word inside it."""

    from_s: float
    until_s: float
    text: str
    colour: str
    ink: str = "#ffffff"


class Sheet:
    """Rows are drawn from the top down; `y` is where the next one begins."""

    def __init__(self, ends_s: float, top: float) -> None:
        self._ends_s = ends_s
        self._over: list[str] = []
        self._under: list[str] = []
        self._shaded: list[tuple[float, float]] = []
        self._top = self.y = top

    def x(self, at_s: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(at_s, 0.0), self._ends_s) / self._ends_s

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, *, radius: float = 3, under: bool = False
    ) -> None:
        where = self._under if under else self._over
        where.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}" fill="{fill}"/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, *, under: bool = False) -> None:
        where = self._under if under else self._over
        where.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>')

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
        style = ' font-weight="700"' if bold else ""
        style += f' font-family="{WIDE_FONT}"' if any(map(_is_wide, text)) else ""
        self._over.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}" text-anchor="{anchor}"{style}>'
            f"{escape(text)}</text>"
        )

    def shade(self, from_s: float, until_s: float) -> None:
        """A grey ground behind all rows."""
        self._shaded.append((from_s, until_s))

    def heading(self, name: str, height: float) -> None:
        """The name of the row that begins here, and the thin line above it."""
        self.line(24, self.y, WIDTH - RIGHT, self.y, GRID, under=True)
        self.text(24, self.y + height / 2 + 11, name, 14, FAINT, bold=True)

    def bands(self, name: str, bands: Sequence[Band], height: float = 30) -> None:
        """States side by side; a word that does not fit into its band stands below it."""
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
        """Moments on a line, each with its word on a level where it has room; the same word at once is told once."""
        self.heading(name, 18)
        many = Counter(marks)
        marks = [replace(m, text=f"{m.text} × {n}") if n > 1 else m for m, n in many.items()]
        for mark in marks:
            x = self.x(mark.at_s)
            self._over.append(f'<circle cx="{x:.1f}" cy="{self.y + 17:.1f}" r="5.5" fill="{mark.colour}"/>')
        self.y += 34 + self._stacked(marks, self.y + 23)

    def finish(self, description: str) -> str:
        """The whole picture."""
        height = self.y + 40
        self._axis()
        for from_s, until_s in self._shaded:
            x, y = self.x(from_s), self._top
            self.rect(x, y, self.x(until_s) - x, self.y - y, "#eef0f2", radius=0, under=True)
        self._under.reverse()
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:.0f}" width="{WIDTH:g}" '
            f'height="{height:.0f}" role="img" aria-label={quoteattr(description)} font-family="{FONT}">\n'
            f'<rect width="100%" height="100%" fill="{PAPER}"/>\n' + "\n".join(self._under + self._over) + "\n</svg>\n"
        )

    def _stacked(self, marks: Sequence[Mark], y: float, size: float = 13) -> float:
        """Words below `y`, moved down where they would overlap; the height they take."""
        taken: list[list[tuple[float, float]]] = []
        for mark in sorted(marks, key=lambda m: m.at_s):
            x, width = self.x(mark.at_s), text_width(mark.text, size) + 10
            at_end = x + width > WIDTH - RIGHT + 20
            span = (x - width, x + 6) if at_end else (x - 6, x + width)
            level = next(
                (i for i, row in enumerate(taken) if all(span[1] < a or b < span[0] for a, b in row)), len(taken)
            )
            if level == len(taken):
                taken.append([])
            taken[level].append(span)
            base = y + 15 + level * LEVEL
            self.line(x, y, x, base, "#b4bec8", under=True)
            self.text(
                x - 5 if at_end else x + 5, base, mark.text, size, mark.colour, anchor="end" if at_end else "start"
            )
        return len(taken) * LEVEL

    def _axis(self) -> None:
        room = (WIDTH - LEFT - RIGHT) / self._ends_s
        step_s = next((s for s in _STEPS_S if s * room >= _TICK_MIN), 1200)
        for number in range(int(self._ends_s / step_s + 1e-6) + 1):
            x = self.x(number * step_s)
            self._under.insert(
                0, f'<line x1="{x:.1f}" y1="{self._top:.1f}" x2="{x:.1f}" y2="{self.y:.1f}" stroke="{GRID}"/>'
            )
            self.text(x, self.y + 20, f"{number * step_s:g} s", 12, FAINT, anchor="middle")
