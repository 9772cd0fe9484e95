"""Text from elsewhere, made safe to show: nothing in it moves the cursor, turns the line round, or begins another line."""

import codecs
import json
import sys
import unicodedata

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what does something and is not seen: controls, formats (bidi among them), half characters, line ends."""
PLAIN_ERRORS = "sitegate-plain"
"""The name under which streams know `plain`."""
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
    r"""`text` with \n, \u001b and the like written out, as in JSON. A line feed too: text of others is one line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def visible_lines(text: str) -> str:
    """The same for our own text of several lines, in which nobody else's text is without `visible`."""
    return "\n".join(map(visible, text.split("\n")))


def plain(error: UnicodeError) -> tuple[str, int]:
    """Error handler of a stream that cannot write a character: a plain mark, else what JSON writes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_MARKS.get(one) or json.dumps(one)[1:-1] for one in wrong), error.end


def prepare_streams() -> None:
    """Let output never fail for a character: terminals of GBK or ASCII, pipes and files with LC_ALL=C."""
    codecs.register_error(PLAIN_ERRORS, plain)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=PLAIN_ERRORS)


def _shown(one: str) -> str:
    return json.dumps(one)[1:-1] if unicodedata.category(one) in HIDDEN else one
