"""Text that people type in a form, without characters that nobody sees."""

import unicodedata

from common.terminal.text import HIDDEN

JOINERS = "\u200c\u200d"
"""They join or part letters of some scripts, and turn no line."""


def typed_text(text: str) -> str:
    """Return a text without invisible characters; a blank in place of those that end a line or a word.

    They could turn the direction of a line, or cut it. What is typed here is read in journals, lists and by HQ.
    """
    return text if text.isprintable() else "".join(map(_kept, text))


def _kept(one: str) -> str:
    if one in JOINERS or unicodedata.category(one) not in HIDDEN:
        return one
    return " " if one.isspace() else ""
