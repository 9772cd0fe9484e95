"""Which column of a sheet holds which field: guessed from its headings, or named by a person. Pure."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from common.sheets.refusals import ColumnsUnclear
from common.sheets.values import Cell, Read, is_empty, text_of
from common.unknown_keys import hint
from contract.names import matched

HEADINGS_WITHIN = 20
"""Rows at the beginning of a sheet among which the headings are looked for."""
HEADING_MAX = 120
Saved = Callable[[tuple[str, ...]], Mapping[str, str]]
"""Returns what was saved for the headings of a sheet: field -> heading."""


@dataclass(frozen=True, slots=True)
class SheetField:
    """A field that a column may hold, the headings that name it, and how its cells are read."""

    key: str
    read: Read
    headings: tuple[str, ...]
    clearable: bool = True
    """A cell with "-" clears it."""
    needed: bool = False
    """Each row must have a value."""


def sheet_field(
    key: str, read: Read, headings: str = "", clearable: bool = True, *, needed: bool = False
) -> SheetField:
    """Describe a field. `headings`: those that name it, between bars; its key is one of them."""
    words = [key.replace("_", " "), key, *(one for one in headings.split("|") if one)]
    return SheetField(key, read, tuple(dict.fromkeys(words)), clearable and not needed, needed)


@dataclass(frozen=True, slots=True)
class SheetSubject:
    """What the rows of a sheet are about, and the fields that they may have."""

    key: str
    fields: tuple[SheetField, ...]
    columns_needed: tuple[str, ...] = ()
    """Fields without whose columns a sheet is refused."""


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings of a sheet. They may take several rows."""

    first: int = 0
    """Index of their first row."""
    after: int = 0
    """Index of the first row after them."""
    texts: tuple[str, ...] = ()
    """The heading of each column; "" for a column without one."""


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """Which column holds which field, and the fields that more than one column could hold."""

    columns: dict[str, int] = field(default_factory=dict)
    unclear: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Where the headings stand, and which column holds which field."""

    subject: SheetSubject
    first_row: int
    """Index of the first row after the headings."""
    columns: Mapping[str, int]
    """Field -> index of its column."""
    headings: tuple[str, ...]
    """The heading of every column."""

    @property
    def named(self) -> dict[str, str]:
        """Field -> heading."""
        return {key: self.headings[index] for key, index in self.columns.items()}

    @property
    def not_read(self) -> tuple[str, ...]:
        """Headings of columns that hold no field."""
        used = set(self.columns.values())
        return tuple(text for index, text in enumerate(self.headings) if text and index not in used)

    @property
    def fields(self) -> tuple[tuple[SheetField, int], ...]:
        """Each field with the index of its column."""
        return tuple((one, self.columns[one.key]) for one in self.subject.fields if one.key in self.columns)


def heading_form(text: str) -> str:
    """Return the form in which headings are compared: without blanks, stars, colons and remarks in brackets."""
    plain = re.sub(r"[(\[【].*?[)\]】]", "", matched(text))
    return re.sub(r"[\s*:_\"'“”]", "", plain)


def forms_of(fields: Collection[SheetField]) -> frozenset[str]:
    """Return the forms of all headings that name one of these fields."""
    return frozenset(heading_form(text) for one in fields for text in one.headings)


def letter(index: int) -> str:
    """Return the letters of a column, as a spreadsheet shows them."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def find_headings(
    rows: Sequence[Sequence[Cell]], known: frozenset[str], keys: frozenset[str], told: Collection[str] = ()
) -> Headings:
    """Find the headings in the first rows of a sheet.

    Headings may take several rows, with merged cells: the lowest one that names a field counts. `known`: forms of
    headings; `keys`: forms of those above what names a row; `told`: headings that a person named.
    """
    forms = known | {heading_form(text) for text in told}
    scores = [_score(row, forms) for row in rows[:HEADINGS_WITHIN]]
    if not scores or not max(scores):
        return Headings()
    best = scores.index(max(scores))
    keys |= {heading_form(text) for text in told}
    ids = [index for index, cell in enumerate(rows[best]) if heading_form(text_of(cell)) in keys]
    first = after = best
    while first > 0 and scores[first - 1] and _continues(rows[first - 1], ids, known):
        first -= 1
    while after + 1 < len(scores) and scores[after + 1] and _continues(rows[after + 1], ids, known):
        after += 1
    block = rows[first : after + 1]
    width = max(map(len, block))
    return Headings(first, after + 1, tuple(_heading(block, index, forms) for index in range(width)))


def heading_score(rows: Sequence[Sequence[Cell]], known: frozenset[str]) -> int:
    """Return how many cells of the best row among these are headings that are known."""
    return max((_score(row, known) for row in rows), default=0)


def names_field(one: SheetField, text: str) -> bool:
    """Tell whether a heading names a field."""
    return bool(text) and heading_form(text) in {heading_form(heading) for heading in one.headings}


def guess_columns(fields: Collection[SheetField], headings: Sequence[str], told: Mapping[str, str]) -> ColumnGuess:
    """Find the column of each field. `told`: field -> heading or letter; "" leaves a field out. Raises
    ColumnsUnclear for a heading that is not there.
    """
    guess = ColumnGuess(_named_by_people(told, headings))
    for one in fields:
        if one.key not in told:
            taken = guess.columns.values()
            free = [index for index, text in enumerate(headings) if names_field(one, text) and index not in taken]
            if len(free) > 1:
                guess.unclear[one.key] = free
            elif free:
                guess.columns[one.key] = free[0]
    return guess


def _score(row: Sequence[Cell], forms: frozenset[str]) -> int:
    return sum(_is_heading(text_of(cell), forms) for cell in row)


def _heading(block: Sequence[Sequence[Cell]], index: int, forms: frozenset[str]) -> str:
    texts = [text_of(row[index])[:HEADING_MAX] for row in block if index < len(row) and not is_empty(row[index])]
    return next((text for text in reversed(texts) if _is_heading(text, forms)), texts[-1] if texts else "")


def _continues(row: Sequence[Cell], ids: Sequence[int], known: frozenset[str]) -> bool:
    """Tell whether a row beside the headings is one of them: text without digits, and nobody's id."""
    said = [text_of(row[index]) for index in ids if index < len(row)]
    return not any(text and heading_form(text) not in known for text in said) and all(
        is_empty(cell) or (isinstance(cell, str) and not any(one.isdigit() for one in cell)) for cell in row
    )


def _is_heading(text: str, forms: frozenset[str]) -> bool:
    return bool(text) and heading_form(text) in forms


def _named_by_people(told: Mapping[str, str], headings: Sequence[str]) -> dict[str, int]:
    """Find the columns that a person named, by heading or by letter. An empty heading leaves a field out."""
    found: dict[str, int] = {}
    forms = [heading_form(text) for text in headings]
    letters = [letter(index) for index in range(len(headings))]
    for key, heading in told.items():
        if not heading:
            continue
        places = [i for i, form in enumerate(forms) if form == heading_form(heading)]
        if not places and heading in letters:
            places = [letters.index(heading)]
        if len(places) != 1:
            near = hint(heading, [text for text in headings if text])
            if not places:
                text = "--column %(field)s=%(heading)s: no column has this heading; %(hint)s"
            else:
                text = "--column %(field)s=%(heading)s: several columns have this heading: give its letter; %(hint)s"
            raise ColumnsUnclear(text, field=key, heading=heading, hint=near)
        found[key] = places[0]
    if len(set(found.values())) < len(found):
        raise ColumnsUnclear("--column: one column cannot hold two fields")
    return found
