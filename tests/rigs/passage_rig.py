"""Random configurations of a passage, and a memory of its pins."""

from typing import Any

from contract.messages import Event, NoticeCode
from edge.core.config import Config
from edge.core.ports import JournalError


class Memory:
    """The journal's promises without a disk: seq, refs, and a disk that can refuse."""

    def __init__(self) -> None:
        self.events: list[tuple[type[Event], dict[str, Any]]] = []
        self.refs: list[str] = []
        self.refuses = False

    def append(self, kind: type[Event], /, *, ref: str | None = None, **fields: Any) -> None:
        if self.refuses:
            raise JournalError("the disk refuses")
        self.events.append((kind, fields))
        if ref is not None:
            assert ref not in self.refs
            self.refs.append(ref)

    def last_ref(self, *beginnings: str) -> str | None:
        return next((ref for ref in reversed(self.refs) if ref.startswith(beginnings)), None)

    def notices(self, *codes: NoticeCode) -> int:
        return sum(fields.get("code") in codes for _, fields in self.events)


GATES = [
    Config.model_validate({"gate": gate})
    for gate in (
        {"passage_pin": 22},
        {"rotation_pin": 5, "rotation_out_pin": 6, "relay_out_pin": 27, "slow_factor": 5},
        {"kind": "door", "door_pin": 5, "lock_down_admits": []},
        {"kind": "swing_gate", "door_pin": 5, "passage_pin": 22, "passage_out_pin": 19, "relay_out_pin": 27},
        {"passage_pin": 22, "fire_pin": 23, "reset_pin": 24, "fire_reset": "manual"},
    )
]
