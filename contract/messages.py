"""Every message that crosses the wire or enters the journal, as frozen pydantic models.

Compatibility: a reader ignores fields it does not know (so a newer minor version is readable) and refuses a major version
it does not know (`contract.codec`; the rules: docs/MESSAGES.md, "Versions"; checked by `contract.compatible`). Since 1.1 lists
travel in parts (`contract.parts`). Times are UTC. Worker ids are opaque to this project: no message carries a name, a picture,
or a readable template.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contract.contradictions import contradictions
from contract.policy import EVERY_WAY_IN, AntiPassback, Factor, FactorRule, Holiday, Period, RiskRule

VERSION = "1.3"

PARTS_MAX = 500
"""A list has at most so many parts; HQ puts about 1,000 workers into one."""


def _as_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone, for example 2026-11-21T06:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time outside the years 1 to 9999") from error


Utc = Annotated[datetime, AfterValidator(_as_utc)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""First digits of the SHA-256 of a raw public key."""
PublicKey = Annotated[bytes, Field(min_length=32, max_length=32)]
"""A raw Ed25519 public key."""
Signature = Annotated[bytes, Field(min_length=64, max_length=64)]
"""Ed25519 (RFC 8032)."""
Text = Annotated[str, Field(max_length=500)]


class Message(BaseModel):
    """The root of all messages: frozen, unknown fields ignored."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    version: str = Field(default=VERSION, pattern=r"^\d+\.\d+$")


# --- Words both sides use -------------------------------------------------------------------------------


class Reason(StrEnum):
    """Why the gate opened or stayed shut: exactly one per decision."""

    GRANTED = "granted"
    UNKNOWN = "unknown"
    NOT_THIS_SITE = "not_this_site"
    NOT_ACTIVE = "not_active"
    TRAINING_LAPSED = "training_lapsed"
    RISK_HOLD = "risk_hold"
    SECOND_FACTOR = "second_factor"
    LIVENESS_DOUBT = "liveness_doubt"
    LOW_QUALITY = "low_quality"
    MULTIPLE_FACES = "multiple_faces"
    ROSTER_EXPIRED = "roster_expired"
    CLOCK_UNTRUSTED = "clock_untrusted"
    OUTSIDE_HOURS = "outside_hours"
    EMPLOYER_NOT_ADMITTED = "employer_not_admitted"
    TRADE_NOT_ADMITTED = "trade_not_admitted"
    DECLARATION_NEEDED = "declaration_needed"
    TEMPERATURE_HIGH = "temperature_high"
    PASSBACK = "passback"
    SITE_FULL = "site_full"
    PARTNER_NEEDED = "partner_needed"
    FACTOR_REFUSED = "factor_refused"
    LOCKED_DOWN = "locked_down"
    MANUAL_ADMIT = "manual_admit"
    REMOTE_OPEN = "remote_open"
    DISK_FULL = "disk_full"
    NO_DECISION = "no_decision"


class Advice(StrEnum):
    """The next step for the person in the lane."""

    WALK_THROUGH = "walk_through"
    COME_CLOSER = "come_closer"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    HOLD_STILL = "hold_still"
    LOOK_AT_CAMERA = "look_at_camera"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    HOLD_UPRIGHT = "hold_upright"
    UNCOVER_FACE = "uncover_face"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    ONE_BY_ONE = "one_by_one"
    SHOW_CODE_OR_CARD = "show_code_or_card"
    ENTER_PIN = "enter_pin"
    LOOK_TOO = "look_too"
    """A code or card was read; now the face."""
    NEXT_PERSON_TOO = "next_person_too"
    """Two-person rule: the second one, please."""
    COME_IN_HOURS = "come_in_hours"
    DECLARE_HEALTH = "declare_health"
    RENEW_TRAINING = "renew_training"
    SEE_DESK = "see_desk"
    WAIT = "wait"
    STEP_BACK = "step_back"
    """Let in already, and still there: leave the lane, then come again."""


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class DataTier(StrEnum):
    """How old a list is, by the limits of the policy in force."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"


class LivenessVerdict(StrEnum):
    """What presentation attack detection (ISO/IEC 30107) said of the person."""

    NOT_CHECKED = "not_checked"
    LIVE = "live"
    DOUBTFUL = "doubtful"


class PassageOutcome(StrEnum):
    PASSED = "passed"
    NOT_TAKEN = "not_taken"
    FORCED = "forced"
    """Somebody passed a locked gate, or a locked door was opened."""
    REVERSED = "reversed"
    """Released one way, and passed the other way."""
    TAILGATED = "tailgated"
    """A second person on one release."""


class NoticeCode(StrEnum):
    """Everything a gate records that is neither a decision, a passage nor an enrolment."""

    GATE_STARTED = "gate_started"
    GATE_STOPPED = "gate_stopped"
    CAMERA_LOST = "camera_lost"
    CAMERA_BACK = "camera_back"
    LIST_APPLIED = "list_applied"
    LIST_REFUSED = "list_refused"
    LOOK_ALIKE = "look_alike"
    THRESHOLD_PROPOSED = "threshold_proposed"
    DRIFT = "drift"
    MESSAGE_REFUSED = "message_refused"
    COMMAND_DONE = "command_done"
    COMMAND_REFUSED = "command_refused"
    EVENT_REFUSED = "event_refused"
    """HQ could not take something this gate sent, and keeps it aside."""
    REQUEST_REFUSED = "request_refused"
    JOURNAL_RESTARTED = "journal_restarted"
    JOURNAL_HELD = "journal_held"
    """Another program locks the journal, or reads it for so long that its -wal file grows."""
    REPLICA_RESTARTED = "replica_restarted"
    FIRE_ON = "fire_on"
    FIRE_OFF = "fire_off"
    FIRE_RESET = "fire_reset"
    TAMPER = "tamper"
    TAMPER_OVER = "tamper_over"
    HELD_OPEN = "held_open"
    HELD_OPEN_OVER = "held_open_over"
    REX = "rex"
    LOCKED_DOWN = "locked_down"
    LOCK_DOWN_OVER = "lock_down_over"
    PULSE_CUT = "pulse_cut"
    READER_LOST = "reader_lost"
    READER_BACK = "reader_back"
    SENSOR_CHATTER = "sensor_chatter"
    TOO_MANY_GUESSES = "too_many_guesses"
    STILL_THERE = "still_there"
    """Somebody who was let in stays before the camera; or a picture of somebody does."""
    DISK_LOW = "disk_low"
    DISK_OK = "disk_ok"
    DISK_FILLING = "disk_filling"
    TWIN_GATE = "twin_gate"
    EVENTS_LOST = "events_lost"
    CLOCK_BEHIND = "clock_behind"
    """The gate's clock is behind a time that it has shown before: it is not trusted."""
    CLOCK_BELIEVED = "clock_believed"
    """It is trusted again, because HQ or a technician says that it is right."""
    LISTS_FORGOTTEN = "lists_forgotten"
    """A technician has this gate take lists that are older than those it had."""


class DiskStep(StrEnum):
    """How much room is left where the journal lies; each step gives up something more, and never an event."""

    OK = "ok"
    LOW = "low"
    VERY_LOW = "very_low"
    CRITICAL = "critical"


class CommissioningOutcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"


class StepState(StrEnum):
    """What a step of the commissioning found."""

    OK = "ok"
    NOT_FITTED = "not_fitted"
    SKIPPED = "skipped"
    PROBLEM = "problem"


class ListKind(StrEnum):
    """The signed lists HQ publishes to a site."""

    ROSTER = "roster"
    RISK = "risk"
    POLICY = "policy"


# --- Events: what the gate writes in its journal and HQ receives ----------------------------------------


class Event(Message):
    """What every event carries. `seq` counts from 1 without holes within one `epoch` (one journal file)."""

    gate_id: Id
    site_id: Id
    epoch: Id
    seq: int = Field(ge=1)
    boot_id: Id
    utc: Utc
    monotonic_ms: int = Field(ge=0)
    clock_trusted: bool


class AccessEvent(Event):
    """A decision, with everything it was decided with."""

    type: Literal["access"] = "access"
    reason: Reason
    granted: bool
    advice: Advice
    direction: Direction
    worker_id: Id | None = None
    score: float | None = Field(default=None, ge=-1, le=1)
    threshold: float | None = Field(default=None, ge=-1, le=1)
    frames: int = Field(default=0, ge=0)
    liveness: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    model_id: str = ""
    gallery_size: int = Field(default=0, ge=0)
    roster_version: int = Field(default=0, ge=0)
    risk_version: int = Field(default=0, ge=0)
    policy_version: int = Field(default=0, ge=0)
    roster_tier: DataTier = DataTier.EXPIRED
    risk_tier: DataTier = DataTier.EXPIRED
    factors: tuple[Factor, ...] = ()
    alerts: tuple[Text, ...] = Field(default=(), max_length=20)
    """What the manager should know of somebody who was admitted all the same: a list's name, a soft anti-passback."""
    temperature_c: float | None = Field(default=None, ge=-50, le=150)
    detail: Text = ""


class PassageEvent(Event):
    """What became of an opened gate, or of one that somebody forced."""

    type: Literal["passage"] = "passage"
    outcome: PassageOutcome
    direction: Direction
    access_seq: int | None = Field(default=None, ge=1)
    worker_id: Id | None = None


class NoticeEvent(Event):
    type: Literal["notice"] = "notice"
    code: NoticeCode
    detail: Text = ""


class EnrolmentEvent(Event):
    """A template made at this gate, sealed so that only HQ can read it (`EnrolmentRecord` inside)."""

    type: Literal["enrolment"] = "enrolment"
    worker_id: Id
    consent_ref: str = Field(min_length=1, max_length=120)
    model_id: str
    sealed_record: bytes = Field(repr=False)


class CommissioningEvent(Event):
    """A technician's self-test of this gate. `signed_record` is a signed envelope (purpose "commissioning") around a
    `CommissioningRecord`, `public_key` the raw Ed25519 key of the gate that signed it."""

    type: Literal["commissioning"] = "commissioning"
    outcome: CommissioningOutcome
    signed_record: bytes = Field(max_length=40_000)
    public_key: bytes = Field(min_length=32, max_length=32)


class ClockEvent(Event):
    """The wall clock was set (`contract.times`): `utc` is the new time, `was_utc` what the clock would have shown at the same
    moment without it, `was_trusted` whether that was believed. It stands before the first event with the new time."""

    type: Literal["clock"] = "clock"
    was_utc: Utc
    was_trusted: bool


AnyEvent = Annotated[
    AccessEvent | PassageEvent | NoticeEvent | EnrolmentEvent | CommissioningEvent | ClockEvent,
    Field(discriminator="type"),
]


class EventRecord(BaseModel):
    """One journal line. `hash` = SHA-256(bytes of `prev_hash` ‖ UTF-8 bytes of `body`), hex; `body` is the event's JSON."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    seq: int = Field(ge=1)
    prev_hash: Sha256
    hash: Sha256
    body: str = Field(max_length=65_536, repr=False)
    erased: Signature | None = None
    """What was sealed in the body (of an enrolment) was erased after HQ held it. `hash` is that of the whole body, and proves no
    more what stands here: the gate's key has signed that (`contract.identity.erasure`)."""
    signature: Signature | None = None
    """By the gate's key (`contract.identity.head`), over this record and so over all before it."""


class EventBatch(Message):
    """Consecutive records of one journal, in order. The last one carries the gate's signature, and so does a record that
    the next one does not follow from: HQ takes no record that none of them covers."""

    type: Literal["event_batch"] = "event_batch"
    site_id: Id
    gate_id: Id
    epoch: Id
    records: tuple[EventRecord, ...] = Field(min_length=1, max_length=500)
    base_seq: int | None = Field(default=None, ge=0, le=2**53)
    """The journal no longer holds anything up to here (0: it holds all), so nothing can precede what begins after it."""
    set_aside: bool = False
    """Saved from a journal that was damaged and set aside: its last events, while a newer journal goes on."""


class Ack(Message):
    """HQ's promise: it holds every event of `epoch` up to and including `seq` (0 = none yet). `hash` is that record's: a gate
    whose own record has another one is not meant, but a copy of it (a cloned card). `batch_seq` and `batch_hash`: the last
    record of the batch that is answered, if HQ had all of that already."""

    type: Literal["ack"] = "ack"
    gate_id: Id
    epoch: Id
    seq: int = Field(ge=0)
    utc: Utc
    hash: Sha256 | None = None
    batch_seq: int | None = Field(default=None, ge=1)
    batch_hash: Sha256 | None = None


class Refusal(Message):
    """HQ tells a gate that something of its own did not verify and was kept aside. `seq` 0: no event, a whole message.
    `more`: so many others are meant too. One message at a time, so that a flood of refusals is none of messages."""

    type: Literal["refusal"] = "refusal"
    gate_id: Id
    epoch: str = Field(default="", max_length=64)
    seq: int = Field(default=0, ge=0)
    reason: Text
    more: int = Field(default=0, ge=0)
    utc: Utc


# --- Presence -------------------------------------------------------------------------------------------


class ListBase(BaseModel):
    """A list that was published whole: its version, and the digest that binds its parts (`PartHeader`)."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    list_version: int = Field(ge=1)
    digest: Sha256


class GateStatus(Message):
    """Retained birth, planned death and Will of a gate's sync process."""

    type: Literal["gate_status"] = "gate_status"
    gate_id: Id
    site_id: Id
    online: bool
    planned: bool = False
    software: str = ""
    roster_version: int = Field(default=0, ge=0)
    risk_version: int = Field(default=0, ge=0)
    policy_version: int = Field(default=0, ge=0)
    model_id: str = ""
    """The weights templates are compared with."""
    python: str = ""
    system: str = ""
    """Operating system and machine."""
    trusts: tuple[KeyId, ...] = Field(default=(), max_length=8)
    """HQ's signing keys that this gate believes; unknown while it is offline."""
    opens: tuple[KeyId, ...] = Field(default=(), max_length=8)
    """Sealing keys of the site that this gate holds."""
    takes_changes: bool = False
    """Reads the changes of lists (`DeltaHeader`): without it HQ sends whole lists."""
    roster_kept: ListBase | None = None
    """The roster in the gate's files, as it was published whole, before its changes."""
    roster_used: ListBase | None = None
    """The same of the roster in the memory of the gate process; unknown while that is silent."""
    sealed_enrolments: int | None = Field(default=None, ge=0)
    """Enrolments that still lie at the gate with what is sealed in them; unknown to an older gate."""
    utc: Utc | None = None
    connection: int = Field(default=0, ge=0, le=2**53)
    """The `serial` at which this connection to the broker began. A Will ends this connection and no other."""
    serial: int = Field(default=0, ge=0, le=2**53)
    """Grows with each message of the gate's network process; HQ takes none twice, and none after a newer one."""
    signature: Signature | None = None
    """By the gate's link key. The last field: it covers all bytes before it (`contract.identity.sign_message`)."""


class Health(Message):
    """Telemetry, every few seconds, never queued."""

    type: Literal["health"] = "health"
    gate_id: Id
    site_id: Id
    utc: Utc
    unsent_events: int = Field(ge=0)
    oldest_unsent_s: float = Field(default=0, ge=0)
    camera_ok: bool = False
    frames_per_s: float = Field(default=0, ge=0)
    gate_state: str = ""
    disk_free_mb: int = Field(default=0, ge=0)
    disk_step: str = ""
    disk_days_left: float | None = Field(default=None, ge=0)
    """Until disk or journal budget is full, as it goes now; none: it does not fill, or that is not known yet."""
    cpu_temperature_c: float | None = None
    roster_age_s: float | None = Field(default=None, ge=0)
    """Since HQ issued the list in force; nothing while there is none."""
    risk_age_s: float | None = Field(default=None, ge=0)
    policy_age_s: float | None = Field(default=None, ge=0)
    lists_refused: tuple[ListKind, ...] = Field(default=(), max_length=3)
    """Of these the gate had a newer version in force than lies there now: it admits nobody on them."""
    threshold: float | None = None
    threshold_proposed: float | None = None
    """What the gate's own scores ask for, while that is something else."""
    drift_alarms: tuple[str, ...] = Field(default=(), max_length=20)
    gallery_size: int = Field(default=0, ge=0)
    model_id: str = ""
    clock_trusted: bool = False
    uptime_s: float = Field(default=0, ge=0)
    """Of the gate process."""
    memory_mb: float = Field(default=0, ge=0)
    """Resident memory of the gate process."""
    journal_mb: float = Field(default=0, ge=0)
    passages: int = Field(default=0, ge=0)
    """People who passed the gate's own way since the gate process started."""
    serial: int = Field(default=0, ge=0, le=2**53)
    """See `GateStatus`."""
    signature: Signature | None = None
    """See `GateStatus`."""


class HqState(Message):
    """Retained birth and Will of HQ itself."""

    type: Literal["hq_state"] = "hq_state"
    online: bool
    utc: Utc | None = None


# --- Lists: what HQ publishes to a site, signed and sealed ----------------------------------------------


class SealedTemplate(BaseModel):
    """A template inside an enrolment or an import, sealed as a whole: unit vector, float16 little-endian."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    model_id: str = Field(min_length=1, max_length=80)
    vector: bytes = Field(repr=False)


class WorkerEntry(BaseModel):
    """A worker as the roster names them. Without a `consent_ref` no template is loaded, whatever else is sent."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    worker_id: Id
    sites: tuple[Id, ...] = ()
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None
    employer: str | None = Field(default=None, max_length=80)
    trade: str | None = Field(default=None, max_length=80)
    declared_utc: Utc | None = None
    """When the worker last declared to be healthy."""
    slow: bool = False
    """Needs more time to pass."""
    cards: tuple[Sha256, ...] = Field(default=(), max_length=10, repr=False)
    """SHA-256 of the site id, a line feed and the card's number as the reader gives it."""
    pin: str | None = Field(default=None, max_length=200, repr=False)
    """scrypt of the PIN: base64 salt, "$", base64 hash (n = 2^14, r = 8, p = 1, 32 bytes)."""
    consent_ref: str | None = Field(default=None, max_length=120)


class WorkerRecord(WorkerEntry):
    """A worker with templates, as HQ imports them."""

    templates: tuple[SealedTemplate, ...] = ()


DIMENSION_MAX = 4096
"""Numbers in a template, at most."""


class TemplateBlock(BaseModel):
    """Templates of one model. Template i belongs to `workers[owners[i]]`. The vectors follow the list's JSON as raw bytes,
    block after block: float16 little-endian, unit length, `dimension` numbers each."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    model_id: str = Field(min_length=1, max_length=80)
    dimension: int = Field(ge=1, le=DIMENSION_MAX)
    owners: tuple[Annotated[int, Field(ge=0)], ...]


class SnapshotHeader(Message):
    """What every list carries. A gate refuses a `list_version` lower than the one it has."""

    site_id: Id
    list_version: int = Field(ge=1)
    issued_utc: Utc


class RosterSnapshot(SnapshotHeader):
    """The workers of one part, and the directory of the template vectors that follow it."""

    type: Literal["roster"] = "roster"
    workers: tuple[WorkerEntry, ...] = ()
    templates: tuple[TemplateBlock, ...] = ()


class RiskEntry(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    worker_id: Id
    list_name: str = Field(default="key-screening", max_length=80)


class RiskSnapshot(SnapshotHeader):
    """The entries of one part."""

    type: Literal["risk"] = "risk"
    entries: tuple[RiskEntry, ...] = ()


class PolicySnapshot(SnapshotHeader):
    """The site's rules. The defaults hold until HQ's first policy arrives (policy version 0)."""

    type: Literal["policy"] = "policy"
    list_version: int = Field(default=0, ge=0)
    roster_stale_after_h: float = Field(default=24, gt=0, le=24 * 90)
    roster_expired_after_h: float = Field(default=24 * 7, gt=0, le=24 * 365)
    risk_stale_after_h: float = Field(default=24, gt=0, le=24 * 90)
    risk_expired_after_h: float = Field(default=72, gt=0, le=24 * 365)
    admit_on_stale: bool = True
    training_required: bool = True
    look_alike_second_factor: bool = True
    time_zone: str = Field(default="UTC", max_length=60)
    """IANA name; the site's own time, in which hours and dates are meant."""
    working_hours: tuple[Period, ...] = Field(default=(), max_length=200)
    """None: at any time."""
    holidays: tuple[Holiday, ...] = Field(default=(), max_length=200)
    employers: tuple[str, ...] = Field(default=(), max_length=2_000)
    """Admitted employers; none: all."""
    trades: tuple[str, ...] = Field(default=(), max_length=2_000)
    declaration_valid_h: float | None = Field(default=None, gt=0, le=24 * 365)
    """A health declaration is needed, not older than this; none: not asked for."""
    temperature_max_c: float | None = Field(default=None, ge=30, le=45)
    temperature_required: bool = False
    """Without a reading nobody is admitted; otherwise a missing one is only noted."""
    risk_rules: tuple[RiskRule, ...] = Field(default=(), max_length=200)
    """A list without a rule holds."""
    anti_passback: AntiPassback = AntiPassback.OFF
    anti_passback_forgets_after_h: float = Field(default=14, gt=0, le=24 * 7)
    occupancy_max: int | None = Field(default=None, ge=1, le=100_000)
    two_person: bool = False
    """Two different workers, each entitled, within `two_person_within_s`, for one release each."""
    two_person_within_s: float = Field(default=30, gt=0, le=600)
    admit_on_low_disk: bool = True
    """False: nobody is admitted while the gate writes its events out of its last reserve of disk space."""
    protective_gear_advice: bool = False
    """Say it when a helmet or mask is missing; never a reason to refuse."""
    factors: tuple[FactorRule, ...] = Field(default=EVERY_WAY_IN, min_length=1, max_length=50)
    """The first rule whose periods hold now applies."""

    @model_validator(mode="after")
    def _not_contradictory(self) -> "PolicySnapshot":
        if found := contradictions(self):
            raise ValueError("; ".join(found))
        return self


class RosterDelta(SnapshotHeader):
    """How a roster differs from one snapshot: `workers`, whole and with all their templates, were added or take the place of
    the one of that id, those `removed` are gone. Their vectors follow as they do in a roster."""

    type: Literal["roster_delta"] = "roster_delta"
    workers: tuple[WorkerEntry, ...] = ()
    templates: tuple[TemplateBlock, ...] = ()
    removed: tuple[Id, ...] = ()


class RiskDelta(SnapshotHeader):
    """How a risk list differs from one snapshot: `entries` are all those of the workers they name, those `removed` have none."""

    type: Literal["risk_delta"] = "risk_delta"
    entries: tuple[RiskEntry, ...] = ()
    removed: tuple[Id, ...] = ()


class PartHeader(SnapshotHeader):
    """Stands outside the seal of each part of a list, signed together with it, so that whoever carries it can refuse an
    old version; whoever opens it checks that the list inside says the same. `digest` binds the parts of one version:
    SHA-256 over the SHA-256 of each sealed part, in order. So none can be left out, changed, or taken from elsewhere."""

    type: Literal["list_part"] = "list_part"
    kind: ListKind
    part: int = Field(ge=1, le=PARTS_MAX)
    parts: int = Field(ge=1, le=PARTS_MAX)
    digest: Sha256


class DeltaHeader(SnapshotHeader):
    """Stands outside the seal of the changes of a list, signed together with it. They hold for no other list than the snapshot
    with this version and digest, and count from it: earlier changes are among them, so one that was missed does no harm."""

    type: Literal["list_delta"] = "list_delta"
    kind: ListKind
    base_version: int = Field(ge=1)
    base_digest: Sha256

    @model_validator(mode="after")
    def _follows_its_base(self) -> "DeltaHeader":
        if self.base_version >= self.list_version:
            raise ValueError(f"version {self.list_version} cannot change version {self.base_version}")
        return self


class SnapshotRequest(Message):
    """A gate that lacks parts of a list, or the list that changes belong to, asks HQ to send all of it again."""

    type: Literal["snapshot_request"] = "snapshot_request"
    gate_id: Id
    site_id: Id
    kind: ListKind
    have_version: int = Field(default=0, ge=0)
    """Of the list in force at the gate; 0: none."""
    serial: int = Field(default=0, ge=0, le=2**53)
    """See `GateStatus`."""
    signature: Signature | None = None
    """See `GateStatus`."""


# --- Registration: how HQ learns a gate's keys ----------------------------------------------------------


class Registration(Message):
    """A gate shows its public keys to HQ. `proof` is HMAC-SHA256 over all bytes before it, with the key that
    `contract.identity.code_key` makes of HQ's one-time code. It is the last field, in hex."""

    type: Literal["registration"] = "registration"
    gate_id: Id
    site_id: Id
    gate_key: PublicKey
    """Signs what the gate process says: events."""
    link_key: PublicKey
    """Signs what the network process says: status, health, requests."""
    software: str = Field(default="", max_length=40)
    utc: Utc
    proof: Sha256 | None = None


class RegistrationAnswer(Message):
    """What became of a `Registration`. `registration`: SHA-256 of the message that is answered,
    so that no answer counts for another one, such as one of before."""

    type: Literal["registration_answer"] = "registration_answer"
    gate_id: Id
    registration: Sha256
    accepted: bool
    reason: Text = ""
    utc: Utc


# --- Commands -------------------------------------------------------------------------------------------


class CommandAction(StrEnum):
    OPEN_ONCE = "open_once"
    LOCK_DOWN = "lock_down"
    RELEASE_LOCK_DOWN = "release_lock_down"
    RESYNC = "resync"
    """Ask HQ for all lists again, and send again what HQ does not hold."""
    REBOOT = "reboot"


class Command(Message):
    """An order to one gate: addressed, expiring, single-use, with who and why."""

    type: Literal["command"] = "command"
    command_id: Id
    gate_id: Id
    action: CommandAction
    issued_utc: Utc
    expires_utc: Utc
    issued_by: Id
    why: Text


class EnrolmentRecord(Message):
    """A capture subject's templates and the consent they rest on; only ever sealed for HQ."""

    type: Literal["enrolment_record"] = "enrolment_record"
    worker_id: Id
    consent_ref: str = Field(min_length=1, max_length=120)
    captured_utc: Utc
    templates: tuple[SealedTemplate, ...] = Field(min_length=1)


class CommissioningStep(BaseModel):
    """One thing that was tried: what was measured, and what the technician saw."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    name: str = Field(min_length=1, max_length=40)
    state: StepState
    measured: Text = ""
    seen: Text = ""
    """The technician's answers, in words."""


class CommissioningRecord(Message):
    """The self-test as a whole; signed by the gate (`CommissioningEvent`). The technician is named by an id."""

    type: Literal["commissioning_record"] = "commissioning_record"
    gate_id: Id
    site_id: Id
    technician: Id
    software: str = Field(max_length=40)
    config_sha256: Sha256
    started_utc: Utc
    finished_utc: Utc
    outcome: CommissioningOutcome
    steps: tuple[CommissioningStep, ...] = Field(min_length=1, max_length=50)


AnyMessage = (
    EventBatch | Ack | Refusal | GateStatus | Health | HqState | RosterSnapshot | RiskSnapshot | PolicySnapshot | PartHeader
    | RosterDelta | RiskDelta | DeltaHeader | SnapshotRequest | Registration | RegistrationAnswer | Command
    | EnrolmentRecord | CommissioningRecord
)  # fmt: skip
