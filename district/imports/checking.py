"""Checks the rows of a sheet, and writes what they change: all of it in one transaction, or nothing."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_noop

from common.sheets.refusals import ImportRefused
from common.sheets.rows import CellProblem, SheetRow
from district.imports.importer import ChangedMeanwhile, Importer, PlannedRow, RowAction, RowChange, RowProblem
from district.imports.reading import OpenedSheet
from district.imports.result import ImportResult, ResultCounter, ShownProblem
from district.pages import SignedIn

AT_ONCE = 500
"""Rows that are planned and written together."""
ROWS_MAX = 50_000
CHANGED = gettext_noop("The file or the records changed since the check. Look at the new result, and apply it again.")
NOT_ALLOWED = gettext_noop("Your account may not import this. Ask the manager of accounts.")
Progress = Callable[[int], object]
"""Gets the number of rows that are done."""


class ChangedSince(ImportRefused):
    """The rows would now do something else than was shown. `result` and `digest` say what."""

    def __init__(self, result: ImportResult, digest: str) -> None:
        """`result`: what they would do now."""
        super().__init__(CHANGED)
        self.result, self.digest = result, digest


def check(
    importer: type[Importer], opened: OpenedSheet, user: SignedIn, progress: Progress = lambda done: None
) -> tuple[ImportResult, str]:
    """Find out what a sheet would change, and every problem. Changes nothing. Raises ImportRefused."""
    return _Pass(importer, opened, user, progress, write=False).run()


def apply(importer: type[Importer], opened: OpenedSheet, user: SignedIn, digest: str) -> Callable[[], ImportResult]:
    """Prepare what a sheet changes, outside a transaction. Return what writes it: call that inside one.

    Both raise ImportRefused if that is no longer what was checked: let the error leave the transaction.
    """
    applied = _Pass(importer, opened, user, lambda done: None, write=True)
    if importer.ahead:
        applied.run_as(digest)

    def write() -> ImportResult:
        if not transaction.get_connection().in_atomic_block:
            raise RuntimeError("an import is written inside a transaction")
        if not importer.ahead:
            applied.run_as(digest)
        return applied.store()

    return write


class _Pass:
    """One reading of a sheet, from its first to its last row."""

    def __init__(
        self, importer: type[Importer], opened: OpenedSheet, user: SignedIn, progress: Progress, *, write: bool
    ) -> None:
        if not user.is_active or not user.may(importer.permission):
            raise ImportRefused(NOT_ALLOWED)
        self._importer, self._opened, self._progress, self._write = importer(user), opened, progress, write
        self._counter = ResultCounter()
        self._done, self._digest = self._counter.result, ""

    def run(self) -> tuple[ImportResult, str]:
        """Read all rows. Raises ImportRefused."""
        result = self._counter.result
        for rows in _batches(self._opened.rows().read()):
            result.rows += len(rows)
            if result.rows > ROWS_MAX:
                raise ImportRefused(gettext_noop("The sheet has more than %(most)s rows: split it."), most=ROWS_MAX)
            for problem in (problem for row in rows for problem in row.problems):
                self._cell_problem(problem)
            with translation.override(None):  # who checks and who applies may read different languages
                planned = list(self._importer.plan([row for row in rows if not row.problems]))
            self._take(planned)
            self._progress(result.rows)
        with translation.override(None):
            planned = list(self._importer.finish())
        self._take(planned)
        if not result.rows:
            raise ImportRefused(gettext_noop("The sheet has headings, but no rows below them."))
        return self._counter.finish()

    def run_as(self, digest: str) -> None:
        """Read all rows. Raises ImportRefused, ChangedSince if they do something else than was checked."""
        self._done, self._digest = self.run()
        if self._digest != digest or self._done.problem_count:
            raise ChangedSince(self._done, self._digest)

    def store(self) -> ImportResult:
        """Write what was prepared. Raises ChangedSince."""
        try:
            self._importer.store()
        except ChangedMeanwhile:
            raise ChangedSince(self._done, self._digest) from None
        return self._done

    def _take(self, planned: Sequence[PlannedRow]) -> None:
        changes: list[RowChange] = []
        for one in planned:
            if isinstance(one, RowProblem):
                self._row_problem(one)
            else:
                self._counter.change(one)
                changes.append(one)
        changing = [one for one in changes if one.action is not RowAction.NONE]
        if self._write and changing and not self._counter.result.problem_count:
            self._importer.write(changing)

    def _cell_problem(self, one: CellProblem) -> None:
        values = {key: str(value) for key, value in one.error.values.items()}
        self._counter.problem(ShownProblem(one.row, one.heading, one.error.text, values))

    def _row_problem(self, one: RowProblem) -> None:
        columns = self._opened.columns.named
        where = columns.get(one.key) or (str(self._importer.label(one.key)) if one.key else "")
        values = {key: str(value) for key, value in one.values.items()}
        self._counter.problem(ShownProblem(one.row, where, one.text, values, one.grave))


def _batches(rows: Iterator[SheetRow]) -> Iterator[Sequence[SheetRow]]:
    while some := list(islice(rows, AT_ONCE)):
        yield some
