"""Size of the journal, and incidents to record in it."""

from dataclasses import dataclass

from contract.messages import NoticeCode


@dataclass(frozen=True, slots=True)
class JournalSize:
    """`head`: the newest seq; `kept`: events still in the file; `used_mb`: their size without free pages; `log_mb`:
    size of the -wal file, which grows while another program reads."""

    head: int
    kept: int
    used_mb: float
    log_mb: float = 0.0

    def mb_of(self, events: int) -> float:
        """Estimate the size of this many events from those that are kept."""
        return self.used_mb / self.kept * events if self.kept else 0.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that the sync process refused or could not read, to be journalled. `ref` is unique."""

    ref: str
    code: NoticeCode
    detail: str
