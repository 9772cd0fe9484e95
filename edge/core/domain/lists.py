"""HQ's lists, as far as the gate needs them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from contract.messages import ListBase, ListKind, PolicySnapshot, RiskEntry, Utc
from edge.core.domain.vision import Template


@dataclass(frozen=True, slots=True)
class Worker:
    """A person on the roster, as far as the gate needs to know; templates live in the gallery."""

    worker_id: str
    sites: frozenset[str] = frozenset()
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None
    employer: str | None = None
    trade: str | None = None
    declared_utc: datetime | None = None
    slow: bool = False
    cards: tuple[str, ...] = field(default=(), repr=False)
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ListAge:
    """A list's version (0 = none yet) and when HQ issued it."""

    version: int = 0
    issued_utc: datetime | None = None


class ListMark(BaseModel):
    """The version of a list that came into force here, when HQ issued it, and what tells it from another of this version."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    version: int = Field(ge=1)
    issued_utc: Utc
    digest: str


@dataclass(frozen=True, slots=True)
class RosterState:
    """Everything HQ told this gate, verified: workers and all their risk entries by worker id, the policy, and their ages."""

    workers: dict[str, Worker] = field(default_factory=dict)
    risks: dict[str, tuple[RiskEntry, ...]] = field(default_factory=dict)
    templates: Sequence[tuple[str, Template]] = ()
    policy: PolicySnapshot | None = None
    roster: ListAge = ListAge()
    risk: ListAge = ListAge()
    policy_age: ListAge = ListAge()
    trusts: tuple[str, ...] = ()
    """Ids of HQ's signing keys that are believed, and of the site's keys that are held here: what the above rests on."""
    opens: tuple[str, ...] = ()
    roster_base: ListBase | None = None
    """The roster as it was published whole, before its changes: whoever left since then is still in it."""
    withheld: frozenset[ListKind] = frozenset()
    """Lists of which a newer version was in force here before: what lies here now is older, and is not believed."""
