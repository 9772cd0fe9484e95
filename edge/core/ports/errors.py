"""Errors of the ports. Each text says what to do."""


class JournalError(RuntimeError):
    """The journal cannot be used; the text says why and what to do. The gate must not open."""


class JournalHeld(JournalError):
    """Another program locks the journal. Deferred records are written when it ends."""


class DeskError(RuntimeError):
    """desk.db cannot be used; the text says why and what to do."""


class GateError(RuntimeError):
    """The pins cannot be used; the text says what to do. The gate stays locked."""
