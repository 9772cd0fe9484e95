"""The words that gate and HQ share: one class for each kind of word."""

from enum import StrEnum


class Reason(StrEnum):
    """Why the gate opened or stayed locked: exactly one per decision."""

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
    """A code or card was read. Now show the face."""
    NEXT_PERSON_TOO = "next_person_too"
    """Two-person rule: the second person must come too."""
    COME_IN_HOURS = "come_in_hours"
    DECLARE_HEALTH = "declare_health"
    RENEW_TRAINING = "renew_training"
    SEE_DESK = "see_desk"
    WAIT = "wait"
    STEP_BACK = "step_back"
    """Already admitted, and still in the lane: leave the lane, then come again."""
    TRAINING_NOTED = "training_noted"
    """A code of training counts now. The gate stays locked."""


QUALITY_ADVICE: tuple[Advice, ...] = (
    Advice.COME_CLOSER,
    Advice.MORE_LIGHT,
    Advice.HOLD_STILL,
    Advice.LOOK_AT_CAMERA,
    Advice.HOLD_UPRIGHT,
    Advice.LOOK_DOWN,
    Advice.LOOK_UP,
    Advice.LESS_LIGHT,
    Advice.UNCOVER_FACE,
)
"""The advice that may come with `Reason.LOW_QUALITY`: the face cannot be compared."""


class Direction(StrEnum):
    """The direction of a passage: into the site, or out of it."""

    IN = "in"
    OUT = "out"


class DataTier(StrEnum):
    """The age of a list, by the limits of the policy in force."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"


class LivenessVerdict(StrEnum):
    """The result of presentation attack detection (ISO/IEC 30107)."""

    NOT_CHECKED = "not_checked"
    LIVE = "live"
    DOUBTFUL = "doubtful"


class PassageOutcome(StrEnum):
    """What happened after a release, or without one."""

    PASSED = "passed"
    NOT_TAKEN = "not_taken"
    FORCED = "forced"
    """Somebody passed a locked gate or opened a locked door."""
    REVERSED = "reversed"
    """Released in one direction, passed in the other."""
    TAILGATED = "tailgated"
    """A second person on one release."""


class NoticeCode(StrEnum):
    """All that a gate records, other than decisions, passages, enrolments, self-tests and clock settings."""

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
    """HQ could not take something from this gate, and keeps it in quarantine."""
    REQUEST_REFUSED = "request_refused"
    JOURNAL_RESTARTED = "journal_restarted"
    JOURNAL_HELD = "journal_held"
    """Another program locks the journal, or reads it so long that its -wal file grows."""
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
    """An admitted person, or a picture of one, stays in front of the camera."""
    DISK_LOW = "disk_low"
    DISK_OK = "disk_ok"
    DISK_FILLING = "disk_filling"
    TWIN_GATE = "twin_gate"
    EVENTS_LOST = "events_lost"
    CLOCK_BEHIND = "clock_behind"
    """The gate's clock shows an earlier time than before. It is not trusted."""
    CLOCK_BELIEVED = "clock_believed"
    """The clock is trusted again: HQ or a technician says that it is right."""
    LISTS_FORGOTTEN = "lists_forgotten"
    """A technician allows older lists than those the gate had."""


class Origin(StrEnum):
    """Where a person asked for what the gate did."""

    HQ = "hq"
    DESK = "desk"
    TECHNICIAN = "technician"


class DiskStep(StrEnum):
    """How much space is left for the journal. Each step gives up more, but never an event."""

    OK = "ok"
    LOW = "low"
    VERY_LOW = "very_low"
    CRITICAL = "critical"


class CommissioningOutcome(StrEnum):
    """The result of a self-test as a whole."""

    PASSED = "passed"
    FAILED = "failed"


class TrainingStep(StrEnum):
    """Which part of a training a code proves."""

    PROOF = "proof"
    """The whole session: it was learned before, on a phone."""
    START = "start"
    MOMENT = "moment"
    """A moment that was drawn during a classroom session."""
    END = "end"


class StepState(StrEnum):
    """The result of one step of the commissioning."""

    OK = "ok"
    NOT_FITTED = "not_fitted"
    SKIPPED = "skipped"
    PROBLEM = "problem"


class ListKind(StrEnum):
    """The signed lists that HQ publishes to a site."""

    ROSTER = "roster"
    RISK = "risk"
    POLICY = "policy"
    DIRECTORY = "directory"
    """Names of the site's workers, for the screen process alone."""
    PRESENCE = "presence"
    """Who is on the site, over all its gates."""


DECISION_LISTS: tuple[ListKind, ...] = (ListKind.ROSTER, ListKind.RISK, ListKind.POLICY)
"""The lists that a gate decides by. It admits nobody without them, or by older ones than before."""


class CommandAction(StrEnum):
    """What HQ orders a gate to do."""

    OPEN_ONCE = "open_once"
    LOCK_DOWN = "lock_down"
    RELEASE_LOCK_DOWN = "release_lock_down"
    RESYNC = "resync"
    """Ask HQ for all lists again, and send again all events that HQ does not hold."""
    REBOOT = "reboot"
