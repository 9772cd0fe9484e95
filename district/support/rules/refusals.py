"""Refuse a file, an answer or a change of an application."""

from common.sheets.refusals import SheetError


class SupportRefused(SheetError):
    """A change that cannot be. The text says what to do; `_(error.text) % error.values` says it in a language."""


class SupportFileRefused(SupportRefused):
    """A file of measures with faults. `faults` holds one sentence for each."""

    def __init__(self, faults: tuple[SupportRefused, ...]) -> None:
        """Keep each fault apart, so that a page can translate it."""
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults
