"""Support in the registry: versions of measures, prefilled answers, applications and their steps."""

from datetime import timedelta
from decimal import Decimal

import pytest
from district_rig import SmallDistrict
from django.utils import timezone

from district.audit.models import Entry
from district.cases.models import Case
from district.people.models import Employment
from district.permissions import Permission, Role
from district.support import registry
from district.support.models import SupportApplication, SupportMeasure
from district.support.prefill import known_of
from district.support.rules.clauses import KnownFact, SupportFact, Words
from district.support.rules.refusals import SupportFileRefused, SupportRefused
from district.support.rules.states import NEXT, ApplicationState
from district.support.samples import sample_2020

COACHES = {"coaches_in_province": 3, "coaches_out_of_province": "2"}


def _measure(key: str = "coaches") -> SupportMeasure:
    registry.publish_measures("test", sample_2020())
    found: SupportMeasure = SupportMeasure.objects.get(key=key, retired=None)
    return found


def _applied(town: SmallDistrict) -> SupportApplication:
    return registry.apply_for("clerk", town.enterprises[0], _measure(), COACHES)


def test_ok__same_file_again_makes_no_version(town: SmallDistrict) -> None:
    """A changed measure gets a new version; the others keep theirs."""
    assert len(registry.publish_measures("test", sample_2020())) == 4
    assert registry.publish_measures("test", sample_2020()) == []
    (made,) = registry.publish_measures("test", sample_2020().replace(b"yuan = 1000", b"yuan = 1500"))
    assert (made.key, made.version) == ("coaches", 2)
    assert SupportMeasure.objects.filter(retired=None).count() == 4


def test_fail__file_with_a_fault_publishes_nothing(town: SmallDistrict) -> None:
    """The good measures of the file wait too."""
    with pytest.raises(SupportFileRefused):
        registry.publish_measures("test", sample_2020().replace(b"cap = 5000000", b"cap = -1"))
    assert not SupportMeasure.objects.exists()


def test_ok__retired_measure_comes_back_as_a_new_version(town: SmallDistrict) -> None:
    """The same file puts it in force again."""
    registry.retire_measure("test", _measure(), "the budget is used up")
    assert [one.version for one in registry.publish_measures("test", sample_2020())] == [2]


def test_ok__result_is_frozen_with_the_version(town: SmallDistrict) -> None:
    """A later version changes nothing of an application that was sent."""
    made = _applied(town)
    registry.publish_measures("test", sample_2020().replace(b"yuan = 1000", b"yuan = 1"))
    made.refresh_from_db()
    assert (made.measure.version, made.amount, made.result["amount"]) == (1, Decimal("7000"), "7000.00")
    assert registry.assess_measure(made.measure, made.answers)[1].stored() == made.result
    with pytest.raises(SupportRefused, match="has changed"):
        registry.apply_for("clerk", town.enterprises[1], made.measure, COACHES)


def test_fail__second_open_application(town: SmallDistrict) -> None:
    """Another enterprise applies; the same one only after it withdrew. Then its case waits for nobody."""
    made = _applied(town)
    registry.apply_for("clerk", town.enterprises[1], made.measure, COACHES)
    with pytest.raises(SupportRefused, match="open application"):
        registry.apply_for("clerk", town.enterprises[0], made.measure, COACHES)
    registry.withdraw_application(town.accounts[Role.CLERK], made)
    case = Case.objects.get(pk=made.case_id)
    assert (case.state, case.escalate_at, case.steps.last().action) == ("closed", None, "close")
    registry.apply_for("clerk", town.enterprises[0], made.measure, COACHES)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"coaches_in_province": 1}, "Answer first: coaches_out_of_province"),
        ({"coaches_in_province": 0, "coaches_out_of_province": 0}, "does not hold: amount"),
        ({"coaches_in_province": "-1"}, "whole number"),
        ({"coaches_in_province": "1e5"}, "whole number"),
        ({"coaches_in_province": True}, "whole number"),
        ({"coaches_in_province": "１"}, "whole number"),
        ({"coaches_in_province": 10**5000}, "whole number"),
        ({"coaches_in_province": Decimal("sNaN")}, "whole number"),
    ],
)
def test_fail__answers_without_a_yes(town: SmallDistrict, answers: dict[str, object], said: str) -> None:
    """Nothing is sent, and the sentence says what to answer."""
    with pytest.raises(SupportRefused, match=said):
        registry.apply_for("clerk", town.enterprises[0], _measure(), answers)
    assert not SupportApplication.objects.exists()


def test_ok__application_goes_its_way_and_each_step_is_recorded(town: SmallDistrict) -> None:
    """Asked, answered, granted with less for a reason, paid."""
    made = _applied(town)
    registry.ask_applicant("officer", made, "Send the contract of the coaches")
    registry.answer_office("clerk", made, "It is in the mail")
    registry.grant_application("officer", made, Decimal("6000"), "one coach was empty")
    done = registry.mark_paid("officer", made)
    assert (done.state, done.granted, done.decided_by) == ("paid", 6000, "officer")
    actions = Entry.objects.filter(subject_kind="support.supportapplication").values_list("action", flat=True)
    steps = ["apply support", "ask support", "answer support", "grant support", "pay support"]
    assert list(actions.order_by("pk")) == steps


@pytest.mark.parametrize("amount", ["7000.01", "0", "-1", "NaN", "Infinity", "1.001"])
def test_fail__grant_of_an_amount_that_the_measure_does_not_give(town: SmallDistrict, amount: str) -> None:
    """Nor more than it gives, nor what is no amount."""
    made = _applied(town)
    with pytest.raises(SupportRefused):
        registry.grant_application("officer", made, Decimal(amount), "generous")
    made.refresh_from_db()
    assert made.state == ApplicationState.SENT


def test_fail__less_without_a_reason(town: SmallDistrict) -> None:
    """The enterprise reads why it gets less."""
    with pytest.raises(SupportRefused, match="Write the reason"):
        registry.grant_application("officer", _applied(town), Decimal("1"))


def test_fail__step_after_the_end(town: SmallDistrict) -> None:
    """A refused application stays refused."""
    made = registry.refuse_application("officer", _applied(town), "no coach arrived")
    for step in (registry.withdraw_application, registry.mark_paid):
        with pytest.raises(SupportRefused, match="look at it again"):
            step("clerk", made)
    assert set(NEXT) == set(ApplicationState)


def test_ok__clerk_sees_the_own_applications_alone(town: SmallDistrict) -> None:
    """The officer sees all; a guard sees none; every reader sees the measures."""
    made = _applied(town)
    other = registry.apply_for("clerk", town.enterprises[1], made.measure, COACHES)
    seen = {
        role: set(SupportApplication.objects.visible_to(town.accounts[role]))
        for role in (Role.CLERK, Role.OFFICER, Role.GUARD, Role.MANAGER, Role.LIAISON)
    }
    both = {made, other}
    assert seen == {
        Role.CLERK: {made}, Role.OFFICER: both, Role.GUARD: set(), Role.MANAGER: set(), Role.LIAISON: {made},
    }  # fmt: skip
    assert SupportMeasure.objects.visible_to(town.accounts[Role.CLERK]).count() == 4
    assert not SupportMeasure.objects.visible_to(town.accounts[Role.GUARD]).exists()
    deciding = SupportApplication.objects.visible_to(town.accounts[Role.CLERK], Permission.DECIDE_SUPPORT)
    assert not deciding.exists()


def test_ok__registry_answers_what_it_knows(town: SmallDistrict) -> None:
    """People employed today, those of other provinces, sites, and since when; no code of the district, no origin."""
    enterprise, today = town.enterprises[0], timezone.localdate()
    Employment.objects.filter(person=town.people[1]).update(ends=today - timedelta(days=1))
    assert KnownFact.PEOPLE_OTHER_PROVINCES not in known_of(enterprise).found
    town.root.code = "440605"
    town.root.save()
    employed = Employment.objects.filter(enterprise=enterprise, ends=None).order_by("pk")
    for row, province in zip(employed, ("43", "44", ""), strict=True):
        row.person.province = province
        row.person.save()
    known = known_of(enterprise)
    assert known.found[KnownFact.PEOPLE] == 3
    assert (known.found[KnownFact.PEOPLE_OTHER_PROVINCES], known.origin_unknown) == (1, 1)
    assert known.found[KnownFact.SITES] == 2
    words = Words(en="q", zh="q")
    fact = SupportFact(id="workers", kind="count", question=words, prefill=KnownFact.PEOPLE)
    assert known.answers((fact,)) == {"workers": 3}
