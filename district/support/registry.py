"""Publish measures, and take applications through their steps: each one transaction with its audit entry.

The caller has found the rows by `visible_to(user, permission)`.
"""

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.places.models import Enterprise
from district.support.following import close_case, end_case, follow, open_application_case, settle
from district.support.models import SupportApplication, SupportMeasure, SupportStep
from district.support.rules.answers import MONEY_MAX, Answer, read_answers, stored_answers
from district.support.rules.calculator import CENT, Assessment, SupportVerdict, assess
from district.support.rules.clauses import CompleteClause
from district.support.rules.reading import read_measures
from district.support.rules.refusals import SupportRefused
from district.support.rules.states import OPEN, ApplicationState, check_step, check_words


@transaction.atomic
def publish_measures(by: object, content: bytes) -> list[SupportMeasure]:
    """Put the measures of a file in force. Return the new versions: unchanged measures keep theirs.

    Measures that the file does not name stay in force. Raises SupportFileRefused, and publishes none then.
    """
    made = []
    for whole in read_measures(content):
        plain = whole.model_dump(mode="json")
        latest = SupportMeasure.objects.select_for_update().filter(key=whole.clause.id).order_by("-version").first()
        if latest and latest.retired is None:
            if latest.whole == CompleteClause.model_validate(plain):
                continue
            latest.retired = timezone.now()
            latest.save(update_fields=["retired"])
        row = SupportMeasure.objects.create(
            key=whole.clause.id, version=latest.version + 1 if latest else 1, content=plain, by=str(by)[:150]
        )
        record(by, "publish support", row, details={"measure": row.key, "version": str(row.version)})
        made.append(row)
    return made


@transaction.atomic
def retire_measure(by: object, measure: SupportMeasure, why: str) -> SupportMeasure:
    """Take a measure out of use. Open applications go on. Raises SupportRefused."""
    found: SupportMeasure = SupportMeasure.objects.select_for_update().get(pk=measure.pk)
    if found.retired is not None:
        raise SupportRefused(gettext_noop("This version is out of use already: look at the list again."))
    found.retired = timezone.now()
    found.save(update_fields=["retired"])
    record(by, "retire support", found, why=check_words(why), details={"measure": found.key})
    return found


def assess_measure(measure: SupportMeasure, given: Mapping[str, object]) -> tuple[dict[str, Answer], Assessment]:
    """Read answers and calculate one measure today. Raises SupportRefused for an answer that is none."""
    whole = measure.whole
    answers = read_answers(whole, given)
    return answers, assess(whole, answers, timezone.localdate())


@transaction.atomic
def apply_for(
    by: object, enterprise: Enterprise, measure: SupportMeasure, given: Mapping[str, object]
) -> SupportApplication:
    """Send an application with the answers, and freeze its result. Raises SupportRefused."""
    Enterprise.objects.select_for_update().get(pk=enterprise.pk)
    found = SupportMeasure.objects.select_for_update().get(pk=measure.pk)
    if found.retired is not None:
        raise SupportRefused(gettext_noop("This measure has changed: look at the new version, then apply."))
    if SupportApplication.objects.filter(enterprise=enterprise, key=found.key, state__in=OPEN).exists():
        raise SupportRefused(gettext_noop("The enterprise has an open application for this measure: go on with it."))
    answers, result = assess_measure(found, given)
    if result.verdict is SupportVerdict.MISSING:
        raise SupportRefused(gettext_noop("Answer first: %(facts)s."), facts=", ".join(result.missing))
    if result.amount is None:
        failed = ", ".join(one.id for one in result.failed)
        raise SupportRefused(
            gettext_noop("This does not hold: %(failed)s. Correct the answers if they are wrong."), failed=failed
        )
    made: SupportApplication = SupportApplication.objects.create(
        measure=found,
        key=found.key,
        enterprise=enterprise,
        answers=stored_answers(answers),
        result=result.stored(),
        amount=result.amount,
        by=str(by)[:150],
    )
    made.case = open_application_case(by, made)
    made.save(update_fields=["case"])
    _note(by, made)
    record(by, "apply support", made, details={"measure": made.key, "version": str(found.version)})
    return made


@transaction.atomic
def ask_applicant(by: object, application: SupportApplication, question: str) -> SupportApplication:
    """Ask the enterprise for an answer or a document. Raises SupportRefused."""
    found = _step(by, application, ApplicationState.ASKED, why=check_words(question))
    follow(by, found.case, found.why)
    record(by, "ask support", found, why=found.why)
    return found


@transaction.atomic
def answer_office(by: object, application: SupportApplication, answer: str) -> SupportApplication:
    """Answer the office's question. The application waits for the office again. Raises SupportRefused."""
    found = _step(by, application, ApplicationState.SENT, why=check_words(answer))
    record(by, "answer support", found, why=found.why)
    return found


@transaction.atomic
def grant_application(
    by: object, application: SupportApplication, amount: Decimal, why: str = ""
) -> SupportApplication:
    """Grant an amount, at most the calculated one. A smaller one needs its reason. Raises SupportRefused."""
    if not amount.is_finite() or not 0 < amount < MONEY_MAX or amount != amount.quantize(CENT):
        raise SupportRefused(gettext_noop("Write an amount above 0, with at most two digits behind the point."))
    if amount > application.amount:
        raise SupportRefused(
            gettext_noop("The measure gives %(most)s yuan at most: grant no more."), most=application.amount
        )
    reason = check_words(why) if why or amount < application.amount else ""
    found = _step(by, application, ApplicationState.GRANTED, why=reason, granted=amount, decided_by=str(by)[:150])
    settle(by, found.case, f"{found.get_state_display()}: {amount}")
    record(by, "grant support", found, why=reason)
    return found


@transaction.atomic
def refuse_application(by: object, application: SupportApplication, why: str) -> SupportApplication:
    """Refuse an application with its reason. Raises SupportRefused."""
    found = _step(by, application, ApplicationState.REFUSED, why=check_words(why), decided_by=str(by)[:150])
    settle(by, found.case, f"{found.get_state_display()}: {found.why}")
    record(by, "refuse support", found, why=found.why)
    return found


@transaction.atomic
def withdraw_application(by: object, application: SupportApplication) -> SupportApplication:
    """Take an open application back. The enterprise may apply again. Raises SupportRefused."""
    found = _step(by, application, ApplicationState.WITHDRAWN)
    end_case(by, found.case, str(found.get_state_display()))
    record(by, "withdraw support", found)
    return found


@transaction.atomic
def mark_paid(by: object, application: SupportApplication) -> SupportApplication:
    """Record that the enterprise has the money. Raises SupportRefused."""
    found = _step(by, application, ApplicationState.PAID)
    record(by, "pay support", found)
    return found


@transaction.atomic
def confirm_decision(by: object, application: SupportApplication) -> SupportApplication:
    """Confirm for the enterprise that it knows the decision, and close the case. Raises SupportRefused."""
    found: SupportApplication = SupportApplication.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if not close_case(by, found.case):
        raise SupportRefused(gettext_noop("There is nothing to confirm now: the case shows its next step."))
    record(by, "confirm support", found)
    return found


def _step(by: object, application: SupportApplication, then: ApplicationState, **changed: object) -> SupportApplication:
    found: SupportApplication = SupportApplication.objects.select_for_update(of=("self",)).get(pk=application.pk)
    check_step(ApplicationState(found.state), then)
    changed |= {"state": then.value, "changed": timezone.now()}
    for name, value in changed.items():
        setattr(found, name, value)
    found.save(update_fields=list(changed))
    _note(by, found, str(changed.get("why", "")))
    return found


def _note(by: object, application: SupportApplication, said: str = "") -> None:
    SupportStep.objects.create(application=application, state=application.state, by=str(by)[:150], said=said)
