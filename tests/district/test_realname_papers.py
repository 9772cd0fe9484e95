"""PROMISE: contracts, trainings and paid wages reach the platform once, encrypted, and what is missing is named."""

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import httpx
import pytest
from district_rig import SmallDistrict
from realname_rig import SECRET, RealnameRig, realname_rig, valid_id

from district.attendance.models import Payroll, PayrollLine
from district.fields import index_of
from district.people.models import BankAccount, Certificate, Employment, Person
from district.realname import worker_rounds
from district.realname.models import SiteUpload, Upload
from district.realname.rules.banks import bank_code
from district.realname.rules.lacks import Lack

State, Kind = Upload.State, Upload.Kind
ACCOUNT, WAGE_ACCOUNT = "6217231208010442535", "4402001234567"
PAPERS = {"CONTRACT done": 2, "TRAINING done": 2, "PAYROLL done": 2}


@pytest.fixture(params=["national"])
def rig(town: SmallDistrict, request: pytest.FixtureRequest) -> RealnameRig:
    """Return a site whose people have contracts, trainings and paid wages."""
    return papers_rig(town, request.param)


def papers_rig(town: SmallDistrict, signer: str = "national") -> RealnameRig:
    rig = realname_rig(town, signer)
    SiteUpload.objects.update(pay_bank="中国银行", pay_account=WAGE_ACCOUNT, training_hours=4)
    payroll = Payroll.objects.create(
        project=rig.project,
        enterprise=rig.project.general_contractor,
        month=date(2026, 10, 1),
        settled=date(2026, 11, 10),
    )
    for person in rig.people:
        Employment.objects.filter(person=person).update(contract_number="H-1", contract_ends=date(2026, 12, 31))
        Certificate.objects.create(person=person, kind="入场教育", issued=date(2026, 1, 6), is_training=True)
        PayrollLine.objects.create(payroll=payroll, person=person, days=Decimal("21.5"), amount=Decimal("6500.50"))
        give_account(person)
    return rig


def give_account(person: Person, bank: str = "中国工商银行佛山南海支行") -> None:
    index = index_of(BankAccount, "number_index", ACCOUNT)
    BankAccount.objects.create(person=person, bank=bank, number=ACCOUNT, number_index=index)


def of_papers(rig: RealnameRig) -> dict[str, int]:
    names = ("CONTRACT", "TRAINING", "PAYROLL")
    return {name: count for name, count in rig.states().items() if name.startswith(names)}


@pytest.mark.parametrize("rig", ["national", "md5", "md5-body"], indirect=True)
def test_ok__papers_arrive_with_encrypted_numbers_and_those_of_a_group_in_one_call(rig: RealnameRig) -> None:
    sent: list[bytes] = []
    platform = rig.answer

    def carry(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return platform(request)

    rig.connector.client = httpx.Client(transport=httpx.MockTransport(carry))
    rig.rounds()
    held = rig.sim.projects[rig.project.code]
    assert of_papers(rig) == PAPERS
    assert [rig.sim.calls.count(f"{name}.Add") for name in ("WorkerContract", "ProjectTraining", "Payroll")] == [
        1,
        1,
        1,
    ]
    contract = held.contracts[valid_id(0), rig.project.general_contractor.uscc, "2026-01-05"]
    assert (contract["endDate"], contract["contractPeriodType"]) == ("2026-12-31", 0)
    assert [set(one["numbers"]) for one in held.trainings] == [{valid_id(0), valid_id(1)}]
    wage = next(one for one in held.wages.values() if one["number"] == valid_id(0))
    assert (wage["account"], wage["payRollBankCode"], wage["payBankCode"]) == (ACCOUNT, "102", "104")
    assert (wage["actualAmount"], wage["days"], wage["balanceDate"]) == (6500.5, None, "2026-11-10")
    for number in (ACCOUNT, WAGE_ACCOUNT, valid_id(0), SECRET):
        assert all(number.encode() not in body for body in sent)
    made = len(rig.sim.calls)
    rig.rounds(15, timedelta(minutes=1))
    assert len(rig.sim.calls) == made


def test_fail__what_is_missing_is_named_and_goes_by_itself_once_it_is_there(rig: RealnameRig) -> None:
    first, second = rig.people
    SiteUpload.objects.update(pay_account="", training_hours=None)
    Employment.objects.filter(person=first).update(contract_ends=None)
    BankAccount.objects.filter(person=second).update(bank="某某钱庄")
    Certificate.objects.filter(person=second).update(issued=None)
    PayrollLine.objects.filter(person=first).update(amount=None)
    rig.rounds(20)
    lacks = Upload.objects.filter(kind__in=(Kind.CONTRACT, Kind.TRAINING, Kind.PAYROLL)).exclude(lack="")
    assert set(lacks.values_list("kind", "person", "lack")) == {
        (Kind.CONTRACT, first.pk, Lack.CONTRACT_END),
        (Kind.TRAINING, first.pk, Lack.TRAINING_HOURS),
        (Kind.TRAINING, second.pk, Lack.TRAINING_DAY),
        (Kind.PAYROLL, first.pk, Lack.AMOUNT),
        (Kind.PAYROLL, second.pk, Lack.BANK),
    }
    rig.project.ends = date(2027, 6, 30)
    rig.project.save()
    SiteUpload.objects.update(pay_account=WAGE_ACCOUNT, training_hours=4)
    BankAccount.objects.filter(person=second).update(bank="建行")
    Certificate.objects.filter(person=second).update(issued=date(2026, 1, 6))
    PayrollLine.objects.filter(person=first).update(amount=1)
    SiteUpload.objects.update(looked=None)
    rig.rounds(40)
    assert of_papers(rig) == PAPERS
    contract = rig.sim.projects[rig.project.code].contracts[
        valid_id(0), rig.project.general_contractor.uscc, "2026-01-05"
    ]
    assert (contract["endDate"], contract["contractPeriodType"]) == ("2027-06-30", 1)


def test_ok__wages_wait_until_they_are_paid(rig: RealnameRig) -> None:
    Payroll.objects.update(settled=None)
    rig.rounds(20)
    assert "Payroll.Add" not in rig.sim.calls
    Payroll.objects.update(settled=date(2026, 10, 31))  # before the site's first day of uploads
    SiteUpload.objects.update(looked=None)
    rig.rounds(20)
    assert "Payroll.Add" not in rig.sim.calls


def test_fail__one_wrong_entry_holds_no_other_and_goes_again_after_it_was_mended(rig: RealnameRig) -> None:
    first = rig.people[0]
    Employment.objects.filter(person=first).update(contract_ends=date(2026, 1, 1))  # before its first day
    rig.rounds(40)
    refused = Upload.objects.get(state=State.REFUSED)
    assert (refused.person, refused.refusal) == (first, "合同结束日期早于开始日期")
    assert of_papers(rig)["CONTRACT done"] == 1
    Employment.objects.filter(person=first).update(contract_ends=date(2026, 12, 31))
    SiteUpload.objects.update(looked=None)
    rig.rounds(40)
    assert of_papers(rig) == PAPERS


@pytest.mark.parametrize("after", [False, True])
def test_fail__a_worker_killed_between_sends_every_paper_once(rig: RealnameRig, after: bool) -> None:
    class Killed(BaseException):
        """Nothing catches it."""

    calls = 0

    def carry(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        if calls > 60 or calls % 2:
            return rig.answer(request)
        if after:
            rig.answer(request)
        raise Killed

    rig.connector.client = httpx.Client(transport=httpx.MockTransport(carry))
    for _ in range(60):
        with suppress(Killed):
            worker_rounds.make_round(rig.connector, rig.now)
        rig.now += timedelta(minutes=2, seconds=1)
    held = rig.sim.projects[rig.project.code]
    assert of_papers(rig) == PAPERS
    trained = [number for one in held.trainings for number in one["numbers"]]
    assert (len(held.contracts), len(held.wages), sorted(trained)) == (2, 2, [valid_id(0), valid_id(1)])


def test_ok__a_confirmed_paper_is_never_sent_again_and_a_new_period_is_a_new_one(rig: RealnameRig) -> None:
    rig.rounds()
    person = rig.people[0]
    BankAccount.objects.filter(person=person).update(bank="建行")
    Certificate.objects.filter(person=person).update(number="7")
    Employment.objects.filter(person=person).update(contract_ends=date(2027, 12, 31), starts=date(2026, 1, 6))
    SiteUpload.objects.update(looked=None)
    rig.rounds(20)
    assert of_papers(rig) == PAPERS | {"CONTRACT done": 3}
    assert [rig.sim.calls.count(f"{name}.Add") for name in ("WorkerContract", "Payroll")] == [2, 1]


def test_ok__reconciliation_sends_again_what_the_platform_lost(rig: RealnameRig) -> None:
    rig.rounds()
    held = rig.sim.projects[rig.project.code]
    held.contracts.clear()
    held.wages.popitem()
    held.trainings[0]["numbers"].remove(valid_id(1))
    rig.now += timedelta(days=1)
    rig.rounds(3)
    assert rig.site.lacking == 4
    rig.rounds(30, timedelta(minutes=1))
    assert (len(held.contracts), len(held.wages)) == (2, 2)
    assert sorted(number for one in held.trainings for number in one["numbers"]) == [valid_id(0), valid_id(1)]


def test_ok__a_company_that_the_platform_knows_is_not_uploaded(rig: RealnameRig) -> None:
    company = rig.project.general_contractor
    rig.sim.corps[company.uscc] = {"corpCode": company.uscc, "corpName": company.name, "areaCode": "440605"}
    rig.rounds(20)
    assert "Corp.Upload" not in rig.sim.calls
    assert rig.states()["CORP done"] == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("中国工商银行股份有限公司佛山分行", "102"),
        ("ICBC", "102"),
        ("邮储银行", "403"),
        ("南海农商银行", "314"),
        ("中国农业发展银行", "203"),
        ("中国 银行", "104"),
        ("银行", ""),
        ("", ""),
        ("Bank of Nowhere", ""),
    ],
)
def test_ok__banks_are_found_by_the_names_people_write_and_never_guessed(text: str, code: str) -> None:
    assert bank_code(text) == code
