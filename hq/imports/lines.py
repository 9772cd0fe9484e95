"""Turns rows of a sheet, or entries of a JSON or TOML file, into lines: what somebody wants to change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

from common.sheets.columns import HEADINGS_WITHIN, ColumnMap, Saved
from common.sheets.opening import Row, Sheet
from common.sheets.refusals import ColumnsUnclear, ImportRefused
from common.sheets.rows import SheetRows
from common.sheets.values import CellRules
from contract.messages import RiskEntry
from hq.imports.columns import Subject, map_columns
from hq.registry.import_file import ImportFile, PolicyEntry

DEFAULT_LIST = RiskEntry.model_fields["list_name"].default


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """What is wrong, and where. The file is refused."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """What a file says of one worker. A field that it does not name is not in `fields`; None clears a field."""

    place: str
    worker_id: str
    fields: Mapping[str, Any]
    cards: tuple[str, ...] | None = field(default=None, repr=False)
    """Card numbers as the reader gives them; None: not named."""
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RiskLine:
    """What a file says of one entry of a risk list."""

    place: str
    worker_id: str
    list_name: str
    fields: Mapping[str, Any]


Line = WorkerLine | RiskLine | ImportProblem


class Source(Protocol):
    """What a file asks for. `lines` may be called again, and then reads the file again. Raises ImportRefused."""

    @property
    def notes(self) -> Sequence[str]:
        """How the file was read."""

    @property
    def total(self) -> int | None:
        """Number of lines, if it is known."""

    @property
    def policies(self) -> Sequence[PolicyEntry]: ...

    @property
    def whole(self) -> ImportFile | None:
        """The file, if it is one of JSON or TOML: it may also hold enrolments."""

    def lines(self) -> Iterator[Line]: ...


@dataclass(frozen=True, slots=True)
class SheetSource:
    """A sheet whose columns are known."""

    path: Path
    sheet: Sheet
    columns: ColumnMap
    rules: CellRules
    serial_dates: frozenset[str] = frozenset()
    """Fields whose numbers are day numbers."""
    total: int | None = None
    policies: tuple[PolicyEntry, ...] = ()
    whole: ImportFile | None = None

    @property
    def notes(self) -> list[str]:
        named = ", ".join(f"{key} ← {heading}" for key, heading in self.columns.named.items())
        notes = [*self.sheet.notes, f"{self.columns.subject.key}, headings in row {self.columns.first_row}: {named}"]
        return [*notes, *([f"not read: {', '.join(self.columns.not_read)}"] if self.columns.not_read else [])]

    def lines(self) -> Iterator[Line]:
        for row in SheetRows(self.sheet, self.columns, self.rules, self.serial_dates).read():
            if not row.problems:
                yield _line_of(Subject(self.columns.subject.key), f"row {row.number}", dict(row.values))
            for problem in row.problems:
                yield ImportProblem(problem.place, str(problem.error))


def sheet_source(
    path: Path,
    sheet: Sheet,
    given: Mapping[str, str],
    saved: Saved,
    rules: CellRules,
    serial_dates: frozenset[str] = frozenset(),
) -> SheetSource:
    """Find the columns of a sheet. Raises ImportRefused."""
    rows: Iterator[Row] = sheet.rows()
    first = [list(cells) for _, cells in islice(rows, HEADINGS_WITHIN)]
    if not first:
        raise ImportRefused(f"{path} has no rows")
    try:
        columns = map_columns(first, given, saved)
    except ColumnsUnclear as error:
        raise ImportRefused(f"{path}: {error}") from error
    finally:
        getattr(rows, "close", lambda: None)()
    return SheetSource(path, sheet, columns, rules, serial_dates)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A JSON or TOML file that was read."""

    whole: ImportFile
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return len(self.whole.workers) + len(self.whole.risk or ())

    @property
    def policies(self) -> tuple[PolicyEntry, ...]:
        return self.whole.policies

    def lines(self) -> Iterator[Line]:
        workers = (
            WorkerLine(
                f"workers.{number}",
                worker.worker_id,
                {key: getattr(worker, key) for key in sorted(worker.model_fields_set - {"worker_id", "card"})},
            )
            for number, worker in enumerate(self.whole.workers)
        )
        risk = (
            RiskLine(
                f"risk.{number}",
                entry.worker_id,
                entry.list_name,
                {key: getattr(entry, key) for key in entry.model_fields_set - {"worker_id", "list_name"}},
            )
            for number, entry in enumerate(self.whole.risk or ())
        )
        return chain(workers, risk)


def _line_of(subject: Subject, place: str, values: dict[str, Any]) -> Line:
    worker_id = values.pop("worker_id")
    if subject is Subject.RISK:
        return RiskLine(place, worker_id, values.pop("list_name", DEFAULT_LIST), values)
    cards = (values.pop("card") or ()) if "card" in values else None
    pin = values.get("pin")
    if pin is not None:  # None clears it, as any other field
        del values["pin"]
    return WorkerLine(place, worker_id, values, cards, pin)
