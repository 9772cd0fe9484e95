"""Why a sheet or a cell is refused. Sentence and values are apart, so that it can be translated."""

from common.refusals import TranslatableError


class SheetError(TranslatableError):
    """Something that a person must correct. The sentence says how."""


class ImportRefused(SheetError):
    """A file that cannot be imported. The text names every problem."""


class SheetUnclear(ImportRefused):
    """A workbook with several sheets, of which a person must choose one."""

    names: tuple[str, ...] = ()
    """The sheets."""


class BadCell(SheetError):
    """A cell that cannot be taken. The text says what to write instead."""


class ColumnsUnclear(SheetError):
    """The headings do not say which column is which. The text says what to do."""
