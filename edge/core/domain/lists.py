"""HQ's lists, as far as the gate needs them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from contract.messages import ListBase, ListKind, PolicySnapshot, RiskEntry, Utc
from edge.core.domain.vision import Template


@dataclass(frozen=True, slots=True)
class Worker:
    """A person on the roster, as far as the gate needs it. Templates are in the gallery."""

    worker_id: str
    sites: frozenset[str] = frozenset()
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None
    employer: str | None = None
    trade: str | None = None
    declared_utc: Utc | None = None
    slow: bool = False
    cards: tuple[str, ...] = field(default=(), repr=False)
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ListAge:
    """A list's version (0 = none yet) and when HQ issued it."""

    version: int = 0
    issued_utc: Utc | None = None


class ListMark(BaseModel):
    """A list that came into force here: its version, its time of issue, and the digest that identifies it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    version: int = Field(ge=1)
    issued_utc: Utc
    digest: str


@dataclass(frozen=True, slots=True)
class RosterState:
    """HQ's verified lists: workers and risk entries by worker id, the policy, and their ages."""

    workers: dict[str, Worker] = field(default_factory=dict)
    risks: dict[str, tuple[RiskEntry, ...]] = field(default_factory=dict)
    templates: Sequence[tuple[str, Template]] = ()
    policy: PolicySnapshot | None = None
    roster: ListAge = ListAge()
    risk: ListAge = ListAge()
    policy_age: ListAge = ListAge()
    trusts: tuple[str, ...] = ()
    """Ids of HQ's trusted signing keys, and of the site's keys held here, on which the lists depend."""
    opens: tuple[str, ...] = ()
    roster_base: ListBase | None = None
    """The roster as it was published whole, before its changes. It still contains workers who left since then."""
    withheld: frozenset[ListKind] = frozenset()
    """Lists withheld because a newer version was in force here before."""
