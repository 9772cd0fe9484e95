"""What an app writes to take in sheets about one subject.

An app has `importers.py` with `IMPORTERS: tuple[type[Importer], ...]`. An importer names its fields, and says for each
row what it would change (`plan`). The machinery shows that, and later calls `plan` again and `write`, in one
transaction. If the second plan differs from the first, nothing is written.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar

from django.conf import settings
from django.utils import translation
from django_stubs_ext import StrPromise

from common.sheets.columns import SheetField, SheetSubject, sheet_field
from common.sheets.rows import SheetRow
from common.sheets.values import Read
from district.pages import SignedIn
from district.permissions import Permission


class ChangedMeanwhile(Exception):
    """Somebody changed what an importer had read. Nothing was written."""


class RowAction(StrEnum):
    """What becomes of a row's subject."""

    ADD = "add"
    CHANGE = "change"
    NONE = "none"
    """Everything is as the row says already."""


@dataclass(frozen=True, slots=True)
class ImportField:
    """A field of a sheet, and its name on pages."""

    column: SheetField
    label: StrPromise
    note: StrPromise | str = ""
    """What a cell must hold, for the page that explains the sheet."""


def import_field(
    key: str,
    label: StrPromise,
    read: Read,
    headings: str = "",
    *,
    needed: bool = False,
    clearable: bool = True,
    note: StrPromise | str = "",
) -> ImportField:
    """Describe a field. `headings`: those that name it, between bars. `needed`: each row must have a value.

    `clearable`: a cell with "-" clears the field. `read`: one of `common.sheets.values`, or another function that
    takes a cell and raises BadCell.
    """
    return ImportField(sheet_field(key, read, headings, clearable, needed=needed), label, note)


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A field that a row changes. Leave values of sensitive fields out: the preview shows and keeps these."""

    key: str
    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class RowChange:
    """What a row would do."""

    row: int
    action: RowAction
    name: str
    """By which a person recognises the subject."""
    fields: tuple[ShownChange, ...] = ()
    data: Any = field(default=None, compare=False, repr=False)
    """What `write` needs."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in a row. The file is not applied."""

    row: int
    """0: the whole file."""
    text: str
    """One sentence with what to do next, marked by `gettext_noop`; `%(name)s` stands for a value."""
    values: Mapping[str, object] = field(default_factory=dict)
    key: str = ""
    """The field, or "" for the whole row."""
    grave: bool = True
    """False: a person should look at it, and the file may be applied."""


def _with_label(one: ImportField) -> SheetField:
    """Let the name of a field in each language be a heading of it: an export can be imported again."""
    labels = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            labels.append(str(one.label))
    return replace(one.column, headings=(*one.column.headings, *labels))


PlannedRow = RowChange | RowProblem


class Importer(ABC):
    """Plans and writes the rows of one file. One object serves one reading, so it may remember earlier rows."""

    key: ClassVar[str]
    """In addresses and on the command line: `people`."""
    name: ClassVar[StrPromise]
    permission: ClassVar[Permission]
    """Without it nobody may import. `plan` still holds every row against `visible_to`."""
    fields: ClassVar[tuple[ImportField, ...]]
    columns_needed: ClassVar[tuple[str, ...]] = ()
    """Fields whose columns must be there, besides those that each row needs."""
    words: ClassVar[Mapping[str, Mapping[str, StrPromise]]] = {}
    """What pages say for the values of a field: `{"kind": {"007": _("Labour subcontractor")}}`."""
    lead: ClassVar[StrPromise | str] = ""
    """What a sheet does, for the page that explains it."""
    order: ClassVar[int] = 100
    ahead: ClassVar[bool] = False
    """`write` only prepares, before the transaction, and `store` writes: others can store meanwhile."""
    do_not_call_in_templates: ClassVar[bool] = True
    """Django's templates call every class that they are given."""

    def __init__(self, user: SignedIn) -> None:
        """`user`: whose rights the rows are held against, and who is recorded."""
        self.user = user

    @abstractmethod
    def plan(self, rows: Sequence[SheetRow]) -> Iterator[PlannedRow]:
        """Say what some rows would change, and what is wrong with them. Writes nothing. Their cells are read."""

    @abstractmethod
    def write(self, changes: Sequence[RowChange]) -> None:
        """Write what was planned, with audit entries and outbox rows. Called inside a transaction, if not `ahead`."""

    def store(self) -> None:
        """Write what was prepared ahead. Called inside a transaction. Raises ChangedMeanwhile."""
        if self.ahead:
            raise NotImplementedError

    def finish(self) -> Iterator[PlannedRow]:
        """Say what only the whole file shows. Called after the last rows."""
        return iter(())

    @classmethod
    def subject(cls) -> SheetSubject:
        """Return the fields as sheets are read by them. The names on pages count as headings too."""
        needed = (*(one.column.key for one in cls.fields if one.column.needed), *cls.columns_needed)
        return SheetSubject(cls.key, tuple(map(_with_label, cls.fields)), tuple(dict.fromkeys(needed)))

    @classmethod
    def label(cls, key: str) -> StrPromise | str:
        """Return the name of a field on pages."""
        return next((one.label for one in cls.fields if one.column.key == key), key)

    @classmethod
    def said(cls, key: str, value: str) -> StrPromise | str:
        """Return a value as pages say it."""
        return cls.words.get(key, {}).get(value, value)
