"""Consoles and tables that show text as it is. `styled` gives colour; words in square brackets do not."""

import json
from collections.abc import Iterable
from typing import Any

from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderableType
from rich.progress import TextColumn as RichTextColumn
from rich.segment import Segment
from rich.table import Table as RichTable
from rich.text import Text

from common.terminal.text import visible, visible_lines

Styled = str | tuple[str, str]
"""Text, or (text, style)."""


class Console(RichConsole):
    """Prints every string as it is, in one line. Invisible characters are written out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, "highlight": False, **options})

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*map(_safe, objects), **options)

    def print_json(self, json: str | None = None, **options: Any) -> None:
        """Print the same JSON, indented, without colours: it is for scripts."""
        self.print_text(indented(json or "null"))

    def print_text(self, text: str) -> None:
        """Print our own text of several lines, not wrapped."""
        super().print(Text(visible_lines(text)), soft_wrap=True)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Write out invisible characters also where `print` is not used: in a progress bar or a table's title."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(visible_lines(segment.text), segment.style)


class Table(RichTable):
    """A table whose cells show text as it is."""

    def __init__(self, *headers: str, **options: Any) -> None:
        super().__init__(*map(visible, headers), **{k: _safe(v) if k == "title" else v for k, v in options.items()})

    def add_row(self, *cells: Any, **options: Any) -> None:
        super().add_row(*map(_safe, cells), **options)


class TextColumn(RichTextColumn):
    """A progress bar's text, as it is."""

    def __init__(self, text_format: str, **options: Any) -> None:
        super().__init__(text_format, **{"markup": False, **options})


def styled(*parts: Styled) -> Text:
    """Return one line of these parts, each with its style."""
    return Text.assemble(*((visible(p), "") if isinstance(p, str) else (visible(p[0]), p[1]) for p in parts))


def stacked(*lines: Styled | Text) -> Text:
    """Return these lines, one below the other."""
    return Text("\n").join(line if isinstance(line, Text) else styled(line) for line in lines)


def indented(text: str) -> str:
    """Return indented JSON, which people can read too."""
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


def _safe(cell: Any) -> Any:
    return Text(visible(cell)) if isinstance(cell, str) else cell
