"""Errors of the ports. Each text says what to do."""


class JournalError(RuntimeError):
    """The journal cannot be used; the text says why and what to do. Nothing may be opened."""


class JournalHeld(JournalError):
    """Another program locks the journal: what could not be written is written once that is over."""


class DeskError(RuntimeError):
    """desk.db cannot be used; the text says why and what to do."""


class GateError(RuntimeError):
    """The pins cannot be used; the text says what to do. The gate stays locked."""
