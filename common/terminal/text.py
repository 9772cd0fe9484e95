"""Makes foreign text safe to show: it cannot move the cursor, reverse the line, or begin another line."""

import codecs
import json
import sys
import unicodedata

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of invisible characters with an effect: controls, formats (also bidi), surrogates, line ends."""
PLAIN_ERRORS = "sitegate-plain"
"""The name of the error handler `plain`."""
_MARKS = {
    "✔": "v",
    "✘": "x",
    "–": "-",
    "—": "-",
    "→": "->",
    "…": "...",
    "·": "|",
    "±": "+/-",
    "×": "x",
    "≥": ">=",
    "≤": "<=",
    "°": "deg ",
    "µ": "u",
    "•": "*",
    "━": "-",
    "█": "#",
    "▀": "'",
    "▄": ".",
    "\xa0": " ",
}


def visible(text: str) -> str:
    r"""Return `text` with invisible characters written out as in JSON (\n, \u001b). Foreign text is always one line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def visible_lines(text: str) -> str:
    """Return the same for our own text of several lines. Pass foreign text in it through `visible` first."""
    return "\n".join(map(visible, text.split("\n")))


def plain(error: UnicodeError) -> tuple[str, int]:
    """Replace a character that the stream cannot write: by a plain mark, or as JSON writes it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_MARKS.get(one) or json.dumps(one)[1:-1] for one in wrong), error.end


def prepare_streams() -> None:
    """Set the streams so that no character makes output fail: GBK and ASCII terminals, pipes, files with LC_ALL=C."""
    codecs.register_error(PLAIN_ERRORS, plain)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=PLAIN_ERRORS)


def _shown(one: str) -> str:
    return json.dumps(one)[1:-1] if unicodedata.category(one) in HIDDEN else one
