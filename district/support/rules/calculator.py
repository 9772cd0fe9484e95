"""Say what an enterprise gets of a measure, why or why not, and what is missing. Exact: money is Decimal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal, localcontext
from enum import StrEnum
from typing import Any

from district.support.rules.answers import Answer, Answers, read_answer
from district.support.rules.clauses import AmountPart, ClausePoint, CompleteClause, SupportCondition, Words

CENT = Decimal("0.01")
_DIGITS = 60
"""Precision of the sums: no product of two answers is rounded before the end."""


class SupportVerdict(StrEnum):
    """What the calculator found."""

    YES = "yes"
    NO = "no"
    MISSING = "missing"


class BuiltInCondition(StrEnum):
    """What every measure asks without a line of its own."""

    STARTS = "starts"
    UNTIL = "until"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class FailedCondition:
    """A condition that does not hold. Built-in conditions have no words of the file."""

    id: str
    says: Words | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """The result for one measure. `amount` is in yuan, and None unless the verdict is yes."""

    measure: str
    verdict: SupportVerdict
    amount: Decimal | None = None
    capped: bool = False
    met: tuple[str, ...] = ()
    failed: tuple[FailedCondition, ...] = ()
    missing: tuple[str, ...] = ()
    """Keys of the questions without an answer."""
    until: date | None = None
    not_stated: tuple[str, ...] = ()
    """What the source leaves open: the office decides it."""

    def stored(self) -> dict[str, Any]:
        """Return the result as JSON keeps it."""
        return {
            "measure": self.measure,
            "verdict": str(self.verdict),
            "amount": None if self.amount is None else str(self.amount),
            "capped": self.capped,
            "met": list(self.met),
            "failed": [{"id": one.id, "says": one.says and one.says.model_dump()} for one in self.failed],
            "missing": list(self.missing),
            "until": self.until and self.until.isoformat(),
            "not_stated": list(self.not_stated),
        }


def assess(whole: CompleteClause, answers: Answers, today: date) -> Assessment:
    """Calculate one measure. A condition that fails refuses at once, even if answers are missing."""
    clause = whole.clause
    failed = list(_failed_days(whole, today))
    met, missing = [], []
    for one in clause.conditions:
        if one.fact not in answers:
            missing.append(one.fact)
        elif holds(whole, one, answers[one.fact]):
            met.append(one.id)
        else:
            failed.append(FailedCondition(one.id, one.says))
    amount, capped, unknown = _amount(whole, answers)
    missing += unknown
    if not unknown and amount == 0:
        failed.append(FailedCondition(BuiltInCondition.AMOUNT))
    verdict = SupportVerdict.NO if failed else SupportVerdict.MISSING if missing else SupportVerdict.YES
    return Assessment(
        clause.id,
        verdict,
        amount if verdict is SupportVerdict.YES else None,
        capped and verdict is SupportVerdict.YES,
        tuple(met),
        tuple(failed),
        tuple(dict.fromkeys(missing)),
        clause.until,
        tuple(point for point in ClausePoint if point in clause.not_stated),
    )


def holds(whole: CompleteClause, condition: SupportCondition, answer: Answer) -> bool:
    """Say whether an answer meets a condition."""
    fact = whole.fact(condition.fact)
    for name, written in condition.tests.items():
        wanted: Any = read_answer(fact, written)
        given: Any = answer
        if name == "at_least" and not given >= wanted:
            return False
        if name == "at_most" and not given <= wanted:
            return False
        if name == "equals" and given != wanted:
            return False
    return True


def _failed_days(whole: CompleteClause, today: date) -> Iterable[FailedCondition]:
    if whole.clause.starts is not None and today < whole.clause.starts:
        yield FailedCondition(BuiltInCondition.STARTS)
    if whole.clause.until is not None and today > whole.clause.until:
        yield FailedCondition(BuiltInCondition.UNTIL)


def _amount(whole: CompleteClause, answers: Answers) -> tuple[Decimal, bool, list[str]]:
    """Return the amount, whether a cap cut it, and which answers it lacks.

    No part is negative. A known part that reaches the cap settles the amount, so that nothing is missing then.
    Cents are cut off: the calculator never promises more than the source gives.
    """
    total, capped, unknown = Decimal(0), False, list[str]()
    with localcontext(prec=_DIGITS):
        for part in whole.clause.amount:
            if part.fact is not None and part.fact not in answers:
                unknown.append(part.fact)
                continue
            found = _part(part, answers)
            if part.cap is not None and found > part.cap:
                found, capped = part.cap, True
            total += found
        cap = whole.clause.cap
        if cap is not None and total >= cap:
            total, capped, unknown = cap, capped or total > cap, []
        return total.quantize(CENT, ROUND_DOWN), capped, unknown


def _part(part: AmountPart, answers: Answers) -> Decimal:
    given = answers[part.fact] if part.fact is not None else Decimal(1)
    if not isinstance(given, Decimal):
        raise TypeError(f"{part.fact} is no number")
    if part.yuan is not None:
        return given * part.yuan
    if part.percent is not None:
        return given * part.percent / 100
    return given * (part.times or 0)
