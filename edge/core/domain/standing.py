"""What stands for and against each worker, as the gate process writes it for the screen."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from contract.messages import Id, ListKind, PolicySnapshot, RiskEntry, Utc
from edge.core.domain.lists import ListAge, RosterState, Worker


class WorkerStanding(BaseModel):
    """A worker of the roster in force. No card, PIN, template or name.

    `listed`: on the roster. False: only a risk list has this id. `here`: may enter this site.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    worker_id: Id
    listed: bool = True
    here: bool = False
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | None = None
    declared_utc: Utc | None = None
    employer: str | None = None
    trade: str | None = None
    has_face: bool = False
    has_card: bool = False
    has_pin: bool = False
    risks: tuple[RiskEntry, ...] = Field(default=(), repr=False)

    def worker(self, site_id: str) -> Worker:
        """Return the worker as the decision takes it."""
        return Worker(
            worker_id=self.worker_id,
            sites=frozenset({site_id} if self.here else ()),
            active=self.active,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            training_valid_until=self.training_valid_until,
            employer=self.employer,
            trade=self.trade,
            declared_utc=self.declared_utc,
        )


class SiteStandings(BaseModel):
    """All workers of the lists in force at `utc`, and what else a decision takes from the lists."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    utc: Utc
    site_id: Id
    policy: PolicySnapshot | None = None
    roster: ListAge = ListAge()
    risk: ListAge = ListAge()
    policy_age: ListAge = ListAge()
    withheld: frozenset[ListKind] = frozenset()
    workers: tuple[WorkerStanding, ...] = Field(default=(), repr=False)

    def state(self) -> RosterState:
        """Return the lists as the decision takes them. Make it once for each file: it costs a pass over all workers."""
        return RosterState(
            workers={one.worker_id: one.worker(self.site_id) for one in self.workers if one.listed},
            risks={one.worker_id: one.risks for one in self.workers if one.risks},
            policy=self.policy,
            roster=self.roster,
            risk=self.risk,
            policy_age=self.policy_age,
            withheld=self.withheld,
        )
