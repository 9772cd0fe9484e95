"""Every message that crosses the wire or enters the journal, as frozen pydantic models.

Compatibility: a reader ignores unknown fields, so that it can read a newer minor version. It refuses an unknown major
version (`contract.codec`). docs/MESSAGES.md, "Versions", has the rules; `contract.compatible` checks them. Since 1.1
lists travel in parts (`contract.parts`). Times are UTC. Worker ids are opaque. Only the directory carries names, sealed
for the screen process. No message carries a picture or a readable template.
"""

from contract.messages.base import VERSION, Id, KeyId, Message, PublicKey, Sha256, Signature, Text, Utc
from contract.messages.directory import DirectoryDelta, DirectoryEntry, DirectorySnapshot
from contract.messages.events import (
    AccessEvent,
    Ack,
    AnyEvent,
    AskedEvent,
    ClockEvent,
    CommissioningEvent,
    EnrolmentEvent,
    Event,
    EventBatch,
    EventRecord,
    NoticeEvent,
    PassageEvent,
    Refusal,
    TrainingEvent,
)
from contract.messages.list_transfer import PARTS_MAX, DeltaHeader, PartHeader, RiskDelta, RosterDelta, SnapshotRequest
from contract.messages.lists import (
    DIMENSION_MAX,
    RiskEntry,
    RiskSnapshot,
    RosterSnapshot,
    SealedTemplate,
    SiteDates,
    SnapshotHeader,
    TemplateBlock,
    WorkerEntry,
    WorkerRecord,
)
from contract.messages.orders import Command
from contract.messages.policy_snapshot import PolicySnapshot
from contract.messages.presence import JournalEnd, LastPassages, PresenceDelta, PresenceRows, PresenceSnapshot
from contract.messages.records import CommissioningRecord, CommissioningStep, EnrolmentRecord
from contract.messages.registration import Registration, RegistrationAnswer
from contract.messages.telemetry import GateStatus, Health, HqState, ListBase, ListInForce
from contract.messages.words import (
    DECISION_LISTS,
    QUALITY_ADVICE,
    Advice,
    CommandAction,
    CommissioningOutcome,
    DataTier,
    Direction,
    DiskStep,
    ListKind,
    LivenessVerdict,
    NoticeCode,
    Origin,
    PassageOutcome,
    Reason,
    StepState,
    TrainingStep,
)

AnyMessage = (
    EventBatch | Ack | Refusal | GateStatus | Health | HqState | RosterSnapshot | RiskSnapshot | PolicySnapshot | PartHeader
    | RosterDelta | RiskDelta | DirectorySnapshot | DirectoryDelta | PresenceSnapshot | PresenceDelta
    | DeltaHeader | SnapshotRequest | Registration | RegistrationAnswer | Command
    | EnrolmentRecord | CommissioningRecord
)  # fmt: skip

__all__ = [
    "DECISION_LISTS",
    "DIMENSION_MAX",
    "PARTS_MAX",
    "QUALITY_ADVICE",
    "VERSION",
    "AccessEvent",
    "Ack",
    "Advice",
    "AnyEvent",
    "AnyMessage",
    "AskedEvent",
    "ClockEvent",
    "Command",
    "CommandAction",
    "CommissioningEvent",
    "CommissioningOutcome",
    "CommissioningRecord",
    "CommissioningStep",
    "DataTier",
    "DeltaHeader",
    "Direction",
    "DirectoryDelta",
    "DirectoryEntry",
    "DirectorySnapshot",
    "DiskStep",
    "EnrolmentEvent",
    "EnrolmentRecord",
    "Event",
    "EventBatch",
    "EventRecord",
    "GateStatus",
    "Health",
    "HqState",
    "Id",
    "JournalEnd",
    "KeyId",
    "LastPassages",
    "ListBase",
    "ListInForce",
    "ListKind",
    "LivenessVerdict",
    "Message",
    "NoticeCode",
    "NoticeEvent",
    "Origin",
    "PartHeader",
    "PassageEvent",
    "PassageOutcome",
    "PolicySnapshot",
    "PresenceDelta",
    "PresenceRows",
    "PresenceSnapshot",
    "PublicKey",
    "Reason",
    "Refusal",
    "Registration",
    "RegistrationAnswer",
    "RiskDelta",
    "RiskEntry",
    "RiskSnapshot",
    "RosterDelta",
    "RosterSnapshot",
    "SealedTemplate",
    "Sha256",
    "Signature",
    "SiteDates",
    "SnapshotHeader",
    "SnapshotRequest",
    "StepState",
    "TemplateBlock",
    "Text",
    "TrainingEvent",
    "TrainingStep",
    "Utc",
    "WorkerEntry",
    "WorkerRecord",
]
