"""More ways to read a cell, besides those of `common.sheets.values`. Pure."""

import math
from collections.abc import Mapping

from django.utils.translation import gettext_noop

from common.sheets.refusals import BadCell
from common.sheets.values import Cell, CellRules, Read, text_of, trimmed
from contract.names import matched


def one_of(words: Mapping[str, str]) -> Read:
    """Read a choice. `words`: what a cell may say -> the value; capitals and blanks do not count."""
    known = {matched(word): value for word, value in words.items()}
    offered: dict[str, str] = {}
    for word, value in words.items():
        offered.setdefault(value, word)

    def read(cell: Cell, rules: CellRules) -> str:
        text = text_of(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)
        value = known.get(matched(text))
        if value is None:
            sentence = gettext_noop("%(cell)s is not known here: write one of %(known)s")
            raise BadCell(sentence, cell=text[:60], known=", ".join(offered.values()))
        return value

    return read


def number(least: float, most: float) -> Read:
    """Read a number between two bounds."""

    def read(cell: Cell, rules: CellRules) -> float:
        try:
            found = float(trimmed(cell) if isinstance(cell, str) else cell)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            found = math.nan
        if isinstance(cell, bool) or not least <= found <= most:
            sentence = gettext_noop("%(cell)s is no number from %(least)s to %(most)s")
            raise BadCell(sentence, cell=text_of(cell)[:60], least=f"{least:g}", most=f"{most:g}")
        return found

    return read
