"""A site starts on its word; the district checks some, and stops what is not kept."""

from collections.abc import Collection
from datetime import date, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, override

from district.accounts.models import User
from district.audit.record import record
from district.cases.registry import open_case
from district.cases.rules import CaseKind
from district.places.models import Project
from district.places.registry import change_site
from district.supplies.models import SpotCheck, StartCommitment
from district.supplies.registry.needs import measure_of
from district.supplies.rules.commitments import CheckResult, CommitmentState, check_statements, check_words
from district.supplies.rules.counts import PEOPLE_MAX
from district.supplies.rules.refusals import SuppliesRefused

AHEAD_DAYS = 14
_HELD = gettext_noop("This site works on a commitment already.")


@transaction.atomic
def commit(by: object, project: Project, statements: Collection[str], *, starts: date, people: int) -> StartCommitment:
    """File a commitment: the site may start on its first day, without an inspection. Raises SuppliesRefused."""
    project = Project.objects.select_for_update(of=("self",)).select_related("place").get(pk=project.pk)
    measure = measure_of(project)
    check_statements(statements)
    today = timezone.localdate()
    if not today <= starts <= today + timedelta(days=AHEAD_DAYS):
        raise SuppliesRefused(
            gettext_noop("Choose a first day of work from today to %(days)s days ahead."), days=AHEAD_DAYS
        )
    if not 1 <= people <= PEOPLE_MAX:
        raise SuppliesRefused(gettext_noop("Write how many people are planned: 1 to %(most)s."), most=PEOPLE_MAX)
    try:
        with transaction.atomic():
            made = StartCommitment.objects.create(
                measure=measure,
                project=project,
                enterprise_id=project.general_contractor_id,
                starts=starts,
                people=people,
                by=str(by)[:150],
            )
    except IntegrityError:
        raise SuppliesRefused(_HELD) from None
    record(by, "file commitment", made, details={"from": starts.isoformat()})
    if project.resumed is None:
        change_site(by, project, {"resumed": starts})
    return made


@transaction.atomic
def withdraw(by: object, commitment: StartCommitment, why: str) -> StartCommitment:
    """Take a commitment back: the site's own word. Raises SuppliesRefused."""
    return _ended(by, commitment, CommitmentState.WITHDRAWN, why)


@transaction.atomic
def stop(by: object, commitment: StartCommitment, why: str) -> StartCommitment:
    """Stop work on a commitment that is not kept. Raises SuppliesRefused."""
    return _ended(by, commitment, CommitmentState.STOPPED, why)


@transaction.atomic
def note_check(by: User, check: SpotCheck, result: CheckResult, note: str) -> SpotCheck:
    """Note what a spot check found. What is not kept becomes a case for the site. Raises SuppliesRefused."""
    rows = SpotCheck.objects.select_for_update(of=("self",)).select_related(
        "commitment__project__place", "draw__measure"
    )
    found: SpotCheck | None = rows.filter(pk=check.pk).first()
    if found is None or found.result:
        raise SuppliesRefused(gettext_noop("This check is done already: load the page again."))
    words = check_words(note, 2_000)
    found.result, found.note, found.by, found.checked = result.value, words, str(by)[:150], timezone.now()
    if result is CheckResult.FAILED:
        project = found.commitment.project
        with override(settings.LANGUAGE_CODE):
            title = gettext("Spot check at %(site)s: not kept") % {"site": project}
        found.case = open_case(
            CaseKind.WHISTLE,
            project.place,
            title=title,
            text=words,
            measure=found.draw.measure,
            source="supplies",
            key=f"supplies:check:{found.pk}",
            reporter=by,
        )
    found.save()
    record(by, "note spot check", found, details={"outcome": result.value})
    return found


def _ended(by: object, commitment: StartCommitment, state: CommitmentState, why: str) -> StartCommitment:
    rows = StartCommitment.objects.kept().select_for_update(of=("self",)).select_related("project__place")
    found: StartCommitment | None = rows.filter(pk=commitment.pk).first()
    if found is None or found.state != CommitmentState.IN_FORCE:
        raise SuppliesRefused(gettext_noop("This commitment is over already: load the page again."))
    found.state, found.why, found.changed = state.value, check_words(why), timezone.now()
    found.save()
    record(by, "end commitment", found, why=found.why, details={"kind": state.value})
    if found.project.resumed == found.starts:
        change_site(by, found.project, {"resumed": None})
    return found
