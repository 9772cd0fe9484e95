"""What passes through the door to HQ, in plain records."""

from dataclasses import dataclass, field
from datetime import date, datetime


class HqAway(RuntimeError):
    """HQ's folder or database cannot be used now. The text says why; a later attempt may succeed."""


class HqRefused(ValueError):
    """HQ does not take this, now or later. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class HqSiteDates:
    """A worker's dates at one site. A date that is None is the worker's own."""

    site_id: str
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class HqWorker:
    """A worker as HQ and the gates need one. `consent_ref`: of the face; None: as HQ has it."""

    worker_id: str
    name: str = field(repr=False)
    sites: tuple[str, ...] = ()
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None
    site_dates: tuple[HqSiteDates, ...] = ()
    employer: str = ""
    trade: str = ""
    team: str = ""
    phone: str = field(default="", repr=False)
    slow: bool = False
    """The worker needs more time to pass."""
    declares: bool = False
    """Whether the district says when the worker declared health; otherwise it stays as HQ has it."""
    declared_utc: datetime | None = None
    """The declaration that counts at gates. None with `declares`: none does."""
    consent_ref: str | None = None
    cards: tuple[str, ...] | None = field(default=None, repr=False)
    """Numbers as a reader gives them; None: as HQ has them."""


@dataclass(frozen=True, slots=True)
class HqSite:
    """A site as HQ needs one."""

    site_id: str
    name: str
    retired: bool = False
    says_hours: bool = False
    """Whether the district says how long a health declaration holds; otherwise the policy stays as HQ has it."""
    declaration_valid_h: int | None = None
    """None with `says_hours`: the site's gates ask for none."""


@dataclass(frozen=True, slots=True)
class HqGate:
    """A gate as HQ last heard it."""

    site_id: str
    gate_id: str
    online: bool
    heard: datetime | None


@dataclass(frozen=True, slots=True)
class HqWorkerState:
    """What HQ has of a worker's ways in."""

    sites: tuple[str, ...]
    has_face: bool
    has_card: bool
    consent_ref: str | None
    withdrawn: datetime | None


@dataclass(frozen=True, slots=True)
class GateReceipt:
    """Whether one gate has proved that a destroyed template is gone there. `proven`: since when."""

    site_id: str
    gate_id: str
    gone: bool
    proven: datetime | None
    online: bool
    destroyed: datetime


@dataclass(frozen=True, slots=True)
class HqRiskEntry:
    """Somebody whom the gates of their sites hold, until a time."""

    worker_id: str
    list_name: str
    """Policies name what gates do with a list; without a rule they hold."""
    reason_code: str
    officer: str
    """Whom a gate's desk asks."""
    until: datetime
    sites: tuple[str, ...] | None = None
    """The sites where it holds; None: wherever the worker is listed."""


@dataclass(frozen=True, slots=True)
class HqRiskLift:
    """Who took somebody off a list, and why."""

    worker_id: str
    list_name: str
    by: str
    why: str = field(repr=False)
