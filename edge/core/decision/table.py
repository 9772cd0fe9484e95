"""All rules, in the order in which they are asked. The first refusal decides.

The rules before the risk list are the same for everybody. The risk list itself only shows "please see the desk", as
half of the other rules do. A listed worker never reaches the rules after it. So the gate reveals to nobody that they
are listed: neither by a lesser refusal nor by its absence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from contract.messages import Advice, Reason
from edge.core.decision import identity_rules, site_rules, worker_rules
from edge.core.decision.case import DecisionCase, RuleFinding, not_asked
from edge.core.domain import Worker

_R, _A = Reason, Advice


class Leaving(StrEnum):
    """What a rule means on the way out. Only the identity, and a lock-down of that way, may keep people in."""

    ASKED = "asked"
    NOTED = "noted"
    """Asked, but an objection goes only to the manager."""
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `asks` and `why_leaving` are sentences for people; `refusals`: all its possible refusals."""

    name: str
    asks: str
    look: Callable[[DecisionCase], RuleFinding]
    refusals: tuple[tuple[Reason, Advice], ...]
    leaving: Leaving
    why_leaving: str
    visitors: bool = True
    """False: not asked of a visitor, whom a guard registered and who has no papers here."""


def _of_worker(look: Callable[[DecisionCase, Worker], RuleFinding]) -> Callable[[DecisionCase], RuleFinding]:
    def asked(case: DecisionCase) -> RuleFinding:
        return look(case, case.worker) if case.worker else not_asked("nobody known")

    return asked


_TO_IDENTIFY = "A person who leaves must be recorded. The exit button, the guard and the fire release apply no rule"
_PAPERS = "Papers matter only on the way in"
_W = _of_worker

RULES: tuple[Rule, ...] = (
    Rule(
        "usable face",
        "Is there one face that can be recognised? Not asked after a code, card or PIN",
        identity_rules.usable,
        identity_rules.USABLE_REFUSALS,
        Leaving.ASKED,
        _TO_IDENTIFY,
    ),
    Rule(
        "lock-down",
        "Is this way not locked down?",
        identity_rules.locked_down,
        ((_R.LOCKED_DOWN, _A.SEE_DESK),),
        Leaving.ASKED,
        "The gate's settings say whether a lock-down closes the way out too",
    ),
    Rule(
        "clock",
        "Is the clock plausible: not behind the lists, nor behind an earlier time of its own? Is the site's time zone known?",
        identity_rules.clock,
        ((_R.CLOCK_UNTRUSTED, _A.SEE_DESK),),
        Leaving.NOT_ASKED,
        "Dates do not decide about leaving",
    ),
    Rule(
        "disk",
        "Is there room for events beside the last reserve, or does the policy admit without it?",
        identity_rules.disk,
        ((_R.DISK_FULL, _A.SEE_DESK),),
        Leaving.NOT_ASKED,
        "A full disk keeps nobody in",
    ),
    Rule(
        "age of the roster",
        "Is the roster fresh, or stale where the policy admits on that? Are roster and policy at least as new as those in force before?",
        identity_rules.roster_age,
        ((_R.ROSTER_EXPIRED, _A.SEE_DESK),),
        Leaving.NOT_ASKED,
        "An old list still names people",
    ),
    Rule(
        "age of the risk list",
        "The same for the risk list",
        identity_rules.risk_age,
        ((_R.ROSTER_EXPIRED, _A.SEE_DESK),),
        Leaving.NOT_ASKED,
        "A list keeps nobody in",
    ),
    Rule(
        "what was shown",
        "Is the code, card or PIN genuine, and not another worker's than the face?",
        identity_rules.claim,
        ((_R.FACTOR_REFUSED, _A.SEE_DESK),),
        Leaving.ASKED,
        _TO_IDENTIFY + ". A refused code is only noted if the face is known",
    ),
    Rule(
        "known worker",
        "Is it a worker on the roster, by the face or by the credential?",
        identity_rules.known,
        ((_R.UNKNOWN, _A.SEE_DESK), (_R.NO_DECISION, _A.SEE_DESK)),
        Leaving.ASKED,
        _TO_IDENTIFY,
    ),
    Rule(
        "risk list",
        "Is the worker on no list that holds (a guard may admit) or denies? A list may also admit and alert",
        _W(worker_rules.listed),
        ((_R.RISK_HOLD, _A.SEE_DESK),),
        Leaving.NOTED,
        "Nobody is locked in with people they may endanger",
    ),
    Rule(
        "look-alike",
        "If another worker looks too similar: was another credential shown as well?",
        _W(worker_rules.look_alike),
        ((_R.SECOND_FACTOR, _A.SHOW_CODE_OR_CARD), (_R.SECOND_FACTOR, _A.SEE_DESK)),
        Leaving.NOTED,
        "The record may name the wrong one of two; the manager can check",
    ),
    Rule(
        "a person, not a picture",
        "If a live person is demanded: was one seen?",
        _W(worker_rules.live),
        ((_R.LIVENESS_DOUBT, _A.SEE_DESK),),
        Leaving.NOT_ASKED,
        "A picture gains nothing by going out",
    ),
    Rule(
        "this site",
        "Is this site among the worker's?",
        _W(worker_rules.this_site),
        ((_R.NOT_THIS_SITE, _A.SEE_DESK),),
        Leaving.NOT_ASKED,
        _PAPERS,
        visitors=False,
    ),
    Rule(
        "active",
        "Not suspended, and today within the worker's dates?",
        _W(worker_rules.active),
        ((_R.NOT_ACTIVE, _A.SEE_DESK),),
        Leaving.NOT_ASKED,
        "A worker dismissed during the day must get out",
        visitors=False,
    ),
    Rule(
        "employer",
        "Is the employer admitted?",
        _W(worker_rules.employer),
        ((_R.EMPLOYER_NOT_ADMITTED, _A.SEE_DESK),),
        Leaving.NOT_ASKED,
        _PAPERS,
        visitors=False,
    ),
    Rule(
        "trade",
        "Is the trade admitted?",
        _W(worker_rules.trade),
        ((_R.TRADE_NOT_ADMITTED, _A.SEE_DESK),),
        Leaving.NOT_ASKED,
        _PAPERS,
        visitors=False,
    ),
    Rule(
        "working hours",
        "Is the site open now, in its own time, by its hours and holidays?",
        _W(site_rules.working_hours),
        ((_R.OUTSIDE_HOURS, _A.COME_IN_HOURS),),
        Leaving.NOT_ASKED,
        "Work may end late",
    ),
    Rule(
        "training",
        "Is the safety training valid today?",
        _W(worker_rules.training),
        ((_R.TRAINING_LAPSED, _A.RENEW_TRAINING),),
        Leaving.NOT_ASKED,
        _PAPERS,
        visitors=False,
    ),
    Rule(
        "health declaration",
        "Was health declared within the last hours?",
        _W(worker_rules.declaration),
        ((_R.DECLARATION_NEEDED, _A.DECLARE_HEALTH),),
        Leaving.NOT_ASKED,
        _PAPERS,
        visitors=False,
    ),
    Rule(
        "body temperature",
        "Is the reading not too high? A missing one is noted, or refused if the policy demands one",
        _W(worker_rules.temperature),
        ((_R.TEMPERATURE_HIGH, _A.SEE_DESK), (_R.NO_DECISION, _A.SEE_DESK)),
        Leaving.NOT_ASKED,
        "An ill person should go home",
    ),
    Rule(
        "anti-passback",
        "Is the worker not inside already? Soft notes it, hard refuses; forgotten after some hours. Always hard for a visitor",
        _W(site_rules.passback),
        ((_R.PASSBACK, _A.SEE_DESK),),
        Leaving.NOTED,
        "The record may have missed the entry, but the worker is inside",
    ),
    Rule(
        "factors",
        "Was every factor of one combination shown that holds at this hour?",
        _W(site_rules.factors),
        (
            (_R.SECOND_FACTOR, _A.SHOW_CODE_OR_CARD),
            (_R.SECOND_FACTOR, _A.ENTER_PIN),
            (_R.SECOND_FACTOR, _A.LOOK_TOO),
            (_R.SECOND_FACTOR, _A.SEE_DESK),
        ),
        Leaving.NOT_ASKED,
        "One factor is enough to be recorded",
        visitors=False,
    ),
    Rule(
        "full site",
        "Is there room for one more, or for a pair under the two-person rule?",
        _W(site_rules.occupancy),
        ((_R.SITE_FULL, _A.WAIT),),
        Leaving.NOT_ASKED,
        "Leaving makes room",
    ),
    Rule(
        "protective gear",
        "Is helmet or mask missing? Advice only, and only if it is measured",
        _W(site_rules.gear),
        (),
        Leaving.NOT_ASKED,
        "Matters only on the way in",
    ),
    Rule(
        "two persons",
        "If nobody may come alone: is there a second admissible worker?",
        _W(site_rules.two_person),
        ((_R.PARTNER_NEEDED, _A.NEXT_PERSON_TOO),),
        Leaving.NOT_ASKED,
        "Nobody must wait inside for a second person",
    ),
)
"""In this order; the first refusal decides."""
