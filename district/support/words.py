"""Measures and results in the reader's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_stubs_ext import StrPromise

from district.support.models import SupportMeasure
from district.support.rules.answers import Answer
from district.support.rules.calculator import Assessment, BuiltInCondition, SupportVerdict
from district.support.rules.clauses import AmountPart, ClausePoint, CompleteClause, HelpKind
from district.web.tables import Tone

HELP_NAMES: dict[HelpKind, StrPromise] = {
    HelpKind.PAYMENT: pgettext_lazy("support", "Payment"),
    HelpKind.RELIEF: pgettext_lazy("support", "Relief"),
    HelpKind.LOAN: pgettext_lazy("support", "Loan"),
}
POINT_NAMES: dict[ClausePoint, StrPromise] = {
    ClausePoint.CONDITIONS: gettext_lazy("who may apply"),
    ClausePoint.CAP: gettext_lazy("the highest amount"),
    ClausePoint.DOCUMENTS: gettext_lazy("which documents are needed"),
    ClausePoint.OFFICE: gettext_lazy("which office decides"),
    ClausePoint.STARTS: gettext_lazy("from which day it holds"),
    ClausePoint.UNTIL: gettext_lazy("until which day it holds"),
    ClausePoint.APPLY: gettext_lazy("how to apply"),
}
_BUILT_IN: dict[BuiltInCondition, StrPromise] = {
    BuiltInCondition.STARTS: gettext_lazy("The measure does not hold yet."),
    BuiltInCondition.UNTIL: gettext_lazy("The last day of the measure is over."),
    BuiltInCondition.AMOUNT: gettext_lazy("The answers give an amount of 0."),
}
VERDICT_NAMES: dict[SupportVerdict, tuple[StrPromise, Tone]] = {
    SupportVerdict.YES: (pgettext_lazy("support", "You get it"), "good"),
    SupportVerdict.MISSING: (pgettext_lazy("support", "Answers are missing"), "care"),
    SupportVerdict.NO: (pgettext_lazy("support", "You do not get it"), ""),
}


@dataclass(frozen=True)
class ShownResult:
    """One measure with its result for an enterprise, as the page shows it."""

    measure: SupportMeasure
    verdict: str
    tone: Tone
    may_apply: bool
    amount: str
    capped: bool
    met: tuple[str, ...]
    failed: tuple[str, ...]
    missing: tuple[str, ...]
    facts: "MeasureFacts"
    application: Any = None
    """The enterprise's open application for this measure."""


@dataclass(frozen=True)
class MeasureFacts:
    """What a measure says, in one language."""

    name: str
    help: str
    parts: tuple[str, ...]
    conditions: tuple[str, ...]
    cap: str
    documents: tuple[str, ...]
    office: str
    starts: object
    until: object
    apply: str
    note: str
    source: str
    where: str
    not_stated: str


def facts_of(whole: CompleteClause) -> MeasureFacts:
    """Return what a measure says in the reader's language."""
    clause, words = whole.clause, SupportMeasure.in_language
    open_points = [str(POINT_NAMES[point]) for point in ClausePoint if point in clause.not_stated]
    return MeasureFacts(
        name=words(clause.name),
        help=str(HELP_NAMES[clause.help]),
        parts=tuple(_part_text(whole, part) for part in clause.amount),
        conditions=tuple(words(one.says) for one in clause.conditions),
        cap="" if clause.cap is None else yuan(clause.cap),
        documents=tuple(words(one) for one in clause.documents),
        office=words(clause.office) if clause.office else "",
        starts=clause.starts,
        until=clause.until,
        apply=words(clause.apply) if clause.apply else "",
        note=words(clause.note) if clause.note else "",
        source=clause.source.text,
        where=clause.source.where,
        not_stated=", ".join(open_points),
    )


def shown_result(measure: SupportMeasure, result: Assessment, application: Any = None) -> ShownResult:
    """Return a result in the reader's language."""
    whole, words = measure.whole, SupportMeasure.in_language
    verdict, tone = VERDICT_NAMES[result.verdict]
    says = {one.id: words(one.says) for one in whole.clause.conditions}
    return ShownResult(
        measure=measure,
        verdict=str(verdict),
        tone=tone,
        may_apply=result.verdict is SupportVerdict.YES,
        amount="" if result.amount is None else yuan(result.amount),
        capped=result.capped,
        met=tuple(says[key] for key in result.met),
        failed=tuple(
            words(one.says) if one.says else str(_BUILT_IN[BuiltInCondition(one.id)]) for one in result.failed
        ),
        missing=tuple(words(whole.fact(key).question) for key in result.missing),
        facts=facts_of(whole),
        application=application,
    )


def stated_answers(whole: CompleteClause, answers: dict[str, Answer]) -> Sequence[tuple[str, str]]:
    """Return the questions of an application with its answers."""
    return [
        (SupportMeasure.in_language(fact.question), _answer_text(whole, fact.id, answers[fact.id]))
        for fact in whole.facts
        if fact.id in answers
    ]


def yuan(amount: Decimal) -> str:
    """Return an amount of money."""
    exact = f"{amount:,.2f}".removesuffix(".00")
    return _("%(amount)s yuan") % {"amount": exact}


def _answer_text(whole: CompleteClause, key: str, answer: Answer) -> str:
    fact = whole.fact(key)
    if isinstance(answer, bool):
        return _("yes") if answer else _("no")
    if isinstance(answer, Decimal):
        return f"{answer:,}"
    if isinstance(answer, str) and answer in fact.choices:
        return SupportMeasure.in_language(fact.choices[answer])
    return str(answer)


def _part_text(whole: CompleteClause, part: AmountPart) -> str:
    about = SupportMeasure.in_language(whole.fact(part.fact).question) if part.fact else ""
    if part.yuan is not None:
        text = yuan(part.yuan) if not about else f"{yuan(part.yuan)} × “{about}”"
    elif part.percent is not None:
        text = f"{part.percent.normalize():f} % × “{about}”"
    else:
        text = f"{(part.times or Decimal(1)).normalize():f} × “{about}”"
    return text if part.cap is None else f"{text} ≤ {yuan(part.cap)}"
