"""Size of the journal, and incidents to record in it."""

from dataclasses import dataclass

from contract.messages import NoticeCode


@dataclass(frozen=True, slots=True)
class JournalSize:
    """`head`: the newest seq; `kept`: events still in the file; `used_mb`: what they take, free pages apart; `log_mb`: the
    -wal file beside it, which grows while another program reads."""

    head: int
    kept: int
    used_mb: float
    log_mb: float = 0.0

    def mb_of(self, events: int) -> float:
        """What so many events take, by those that are kept."""
        return self.used_mb / self.kept * events if self.kept else 0.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Something the sync process refused or could not read, for the gate to journal. `ref` is unique for ever."""

    ref: str
    code: NoticeCode
    detail: str
