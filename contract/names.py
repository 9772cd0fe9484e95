"""Compares names that people write at two places: risk lists and their rules, employers, trades."""

import unicodedata
from functools import lru_cache

REMEMBERED = 8_192
"""A policy holds at most 4,200 names; each decision compares them all."""


@lru_cache(maxsize=REMEMBERED)
def matched(text: str) -> str:
    """Return the form in which names are compared. Two names match if this form is the same.

    Capitals, full-width characters, invisible characters and blanks at the ends do not count. Several blanks count as
    one.
    """
    seen = "".join(character for character in text if unicodedata.category(character) != "Cf")
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    return " ".join(plain.split())
