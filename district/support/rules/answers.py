"""Read the answers of an enterprise, and the values of a file, by the kind of the question."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_noop

from district.support.rules.clauses import CompleteClause, FactKind, SupportFact
from district.support.rules.refusals import SupportRefused

Answer = Decimal | bool | date | str
"""A count or money, yes or no, a day, or the key of a choice."""
Answers = Mapping[str, Answer]
COUNT_MAX = 1_000_000
MONEY_MAX = Decimal(10**12)
_PLAIN = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?")


def read_answer(fact: SupportFact, given: object) -> Answer:
    """Return an answer in its exact form. Raises SupportRefused."""
    match fact.kind:
        case FactKind.COUNT:
            found = _exact(given)
            if found is None or found > COUNT_MAX or found != int(found):
                raise SupportRefused(
                    gettext_noop("%(fact)s: write a whole number from 0 to %(most)s."), fact=fact.id, most=COUNT_MAX
                )
            return Decimal(int(found))
        case FactKind.MONEY:
            found = _exact(given)
            if found is None or found >= MONEY_MAX:
                raise SupportRefused(
                    gettext_noop("%(fact)s: write yuan as digits, with at most two behind the point."), fact=fact.id
                )
            return found
        case FactKind.YES_NO:
            if isinstance(given, bool):
                return given
            raise SupportRefused(gettext_noop("%(fact)s: answer yes or no."), fact=fact.id)
        case FactKind.DAY:
            return _day(fact, given)
        case FactKind.CHOICE:
            if isinstance(given, str) and given in fact.choices:
                return given
            raise SupportRefused(
                gettext_noop("%(fact)s: choose one of %(choices)s."), fact=fact.id, choices=", ".join(fact.choices)
            )


def read_answers(whole: CompleteClause, given: Mapping[str, object]) -> dict[str, Answer]:
    """Return the answers to the questions of a measure. Empty ones are left out. Raises SupportRefused."""
    known = {one.id: one for one in whole.facts}
    return {key: read_answer(known[key], value) for key, value in given.items() if key in known and _given(value)}


def stored_answers(answers: Answers) -> dict[str, str | bool]:
    """Return answers as JSON keeps them. `read_answers` reads them back unchanged."""
    return {key: value if isinstance(value, bool) else str(value) for key, value in answers.items()}


def _given(value: object) -> bool:
    return value is not None and value != ""


def _exact(given: object) -> Decimal | None:
    """Return an amount without a sign or an exponent, or None."""
    if isinstance(given, bool) or not isinstance(given, int | str | Decimal):
        return None
    if isinstance(given, Decimal) and not given.is_finite():
        return None
    if not isinstance(given, str) and not 0 <= given < MONEY_MAX:
        return None
    text = format(given, "f") if isinstance(given, Decimal) else str(given).strip()
    return Decimal(text) if _PLAIN.fullmatch(text) else None


def _day(fact: SupportFact, given: object) -> date:
    if type(given) is date:
        return given
    try:
        return date.fromisoformat(given) if isinstance(given, str) and len(given) == 10 else _no_day(fact)
    except ValueError:
        return _no_day(fact)


def _no_day(fact: SupportFact) -> date:
    raise SupportRefused(gettext_noop("%(fact)s: write the day as 2020-02-17."), fact=fact.id)
