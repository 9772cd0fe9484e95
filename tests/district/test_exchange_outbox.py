"""PROMISE: a change reaches HQ at least once, in order, and a second time changes nothing."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.utils import timezone

from district.exchange import days, hand_over, outbox
from district.exchange.door import close_hq_door
from district.exchange.models import DayTurn, OutboxRow
from district.people.for_hq import worker_for_hq
from district.people.models import Assignment, Consent, Person
from district.wire import HqAway
from hq.database.dirty_lists import dirty

WORKER, SITE, WITHDRAWAL, ERASURE = (
    OutboxRow.Kind.WORKER,
    OutboxRow.Kind.SITE,
    OutboxRow.Kind.WITHDRAWAL,
    OutboxRow.Kind.ERASURE,
)


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


def _put(*worker_ids: str) -> None:
    outbox.put_all(WORKER, worker_ids)
    while hand_over.hand_over():
        pass


def test_ok__a_worker_is_at_hq_as_the_district_has_them(town: SmallDistrict, hq: TestedHq) -> None:
    _put("w-1", "w-3")
    worker = hq.worker("w-1")
    assert worker is not None
    assert worker.sites == ("site-1",)
    assert worker.employer == town.enterprises[0].name
    assert worker.valid_from == date(2026, 1, 5)
    assert hq.names() == {"w-1": "工人1", "w-3": "工人3"}
    assert not OutboxRow.objects.filter(done=None).exists()


def test_ok__a_second_time_changes_nothing(town: SmallDistrict, hq: TestedHq) -> None:
    _put("w-1")
    with hq.store.write() as db:
        db.exec_driver_sql("DELETE FROM dirty_lists")
    _put("w-1")
    with hq.store.read() as db:
        assert not dirty(db)


def test_ok__who_left_every_site_is_inactive_and_who_comes_back_is_the_same(town: SmallDistrict, hq: TestedHq) -> None:
    _put("w-1")
    Assignment.objects.filter(person__worker_id="w-1").update(ends=timezone.localdate() - timedelta(days=1))
    _put("w-1")
    left = hq.worker("w-1")
    assert left is not None and not left.active
    Assignment.objects.create(
        person=town.people[0],
        project=town.projects[1],
        enterprise=town.enterprises[0],
        starts=timezone.localdate(),
    )
    _put("w-1")
    back = hq.worker("w-1")
    assert back is not None and back.active and back.sites == ("site-2",)


def test_ok__a_day_that_begins_hands_over_whose_assignment_begins_or_ended(town: SmallDistrict, hq: TestedHq) -> None:
    today = timezone.localdate()
    days.follow_days()
    assert not OutboxRow.objects.exists()
    DayTurn.objects.update(date=today - timedelta(days=2))
    Assignment.objects.filter(person__worker_id="w-1").update(ends=today - timedelta(days=1))
    Assignment.objects.filter(person__worker_id="w-2").update(starts=today)
    Assignment.objects.filter(person__worker_id="w-3").update(ends=today)
    days.follow_days()
    assert sorted(OutboxRow.objects.values_list("subject", flat=True)) == ["w-1", "w-2"]
    days.follow_days()
    assert OutboxRow.objects.count() == 2


def test_ok__withdrawal_then_a_new_consent_ends_with_the_new_one(town: SmallDistrict, hq: TestedHq) -> None:
    first = Consent.objects.create(person=town.people[0], purpose="face", text_version="1")
    _put("w-1")
    withdrawn = timezone.now()
    Consent.objects.filter(pk=first.pk).update(withdrawn=withdrawn)
    outbox.put(WITHDRAWAL, "w-1")
    Consent.objects.create(person=town.people[0], purpose="face", text_version="1")
    _put("w-1")
    present = worker_for_hq("w-1")
    wanted = present.face_consent if present else ""
    worker = hq.worker("w-1")
    assert worker is not None and worker.consent_ref == wanted
    OutboxRow.objects.filter(kind=WITHDRAWAL).update(done=None)  # as after a kill in the middle
    hand_over.hand_over()
    again = hq.worker("w-1")
    assert again is not None and again.consent_ref == wanted


def test_ok__a_site_gets_its_key_and_ends_with_its_closing(town: SmallDistrict, hq: TestedHq) -> None:
    town.projects[0].place.name = "North quay"
    town.projects[0].place.save()
    outbox.put(SITE, "site-1")
    town.projects[1].site_id = "site-new"
    town.projects[1].save()
    outbox.put(SITE, "site-new")
    hand_over.hand_over()
    assert (hq.folder / "keys" / "sites" / "site-new.key.pem").exists()
    _put("w-1")
    town.projects[0].closed = timezone.localdate()
    town.projects[0].save()
    outbox.put(SITE, "site-1")
    hand_over.hand_over()
    assert hq.roster("site-1") == []


def test_ok__an_erased_worker_is_gone_at_hq(town: SmallDistrict, hq: TestedHq) -> None:
    _put("w-1")
    for _ in range(2):
        outbox.put(ERASURE, "w-1")
        hand_over.hand_over()
    assert hq.worker("w-1") is None
    assert not OutboxRow.objects.filter(done=None).exists()


def test_fail__one_refused_worker_holds_up_no_other(town: SmallDistrict, hq: TestedHq) -> None:
    town.people[0].name = "Li\u202eHua"
    town.people[0].save()
    _put("w-1", "w-2")
    assert hq.worker("w-2") is not None
    assert hq.worker("w-1") is None
    row = OutboxRow.objects.get(done=None)
    assert row.subject == "w-1" and "cannot be seen" in row.refusal
    town.people[0].name = "Li Hua"
    town.people[0].save()
    OutboxRow.objects.update(next_try=timezone.now())
    hand_over.hand_over()
    assert hq.worker("w-1") is not None
    assert not OutboxRow.objects.filter(done=None).exists()


def test_fail__a_worker_waits_behind_a_withdrawal_that_hq_refused(town: SmallDistrict, hq: TestedHq) -> None:
    outbox.put(WITHDRAWAL, "w-1")
    OutboxRow.objects.update(next_try=timezone.now() + timedelta(hours=1))
    outbox.put(WORKER, "w-1")
    assert not hand_over.hand_over()
    assert OutboxRow.objects.filter(done=None).count() == 2


def test_ok__a_correction_takes_the_place_of_what_hq_refused(town: SmallDistrict, hq: TestedHq) -> None:
    outbox.put(WORKER, "w-1")
    OutboxRow.objects.update(refusal="wrong name", next_try=timezone.now() + timedelta(hours=1))
    _put("w-1")
    assert hq.worker("w-1") is not None
    assert not OutboxRow.objects.filter(done=None).exists()


def test_fail__a_worker_that_was_frozen_leaves_no_older_state(
    town: SmallDistrict, hq: TestedHq, monkeypatch: pytest.MonkeyPatch
) -> None:
    from district.wire import HqDoor

    put, frozen = HqDoor.put_workers, []

    def put_late(door: HqDoor, workers: object) -> dict[str, str]:
        if not frozen:
            frozen.append(1)
            Person.objects.filter(worker_id="w-1").update(name="newer")
            outbox.put(WORKER, "w-1")
            hand_over.hand_over()  # another process, while this one is frozen
        return put(door, workers)  # type: ignore[arg-type]

    monkeypatch.setattr(HqDoor, "put_workers", put_late)
    _put("w-1")
    assert hq.names()["w-1"] == "newer"


def test_ok__one_change_overtakes_an_import(town: SmallDistrict, hq: TestedHq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_over, "AT_ONCE", 4)
    monkeypatch.setattr(hand_over, "NEWEST", 1)
    outbox.put_all(WORKER, [f"w-{n}" for n in range(1, 7)])
    outbox.put(WORKER, "w-8")
    outbox.put(WITHDRAWAL, "w-7")
    assert hand_over.hand_over()
    done = set(OutboxRow.objects.exclude(done=None).values_list("subject", flat=True))
    assert done == {"w-7", "w-1", "w-2", "w-8"}
    while hand_over.hand_over():
        pass
    assert not OutboxRow.objects.filter(done=None).exists()


def test_ok__a_site_that_closes_later_is_open_until_then(town: SmallDistrict, hq: TestedHq) -> None:
    today = timezone.localdate()
    town.projects[0].closed = today + timedelta(days=3)
    town.projects[0].save()
    _put("w-1")
    assert hq.roster("site-1") == ["w-1"]
    days.follow_days()
    town.projects[0].closed = today
    town.projects[0].save()
    DayTurn.objects.update(date=today - timedelta(days=1))
    days.follow_days()
    hand_over.hand_over()
    assert hq.roster("site-1") == []


def test_fail__without_hq_the_rows_wait(town: SmallDistrict, hq: TestedHq) -> None:
    (hq.folder / "hq.toml").rename(hq.folder / "away")
    outbox.put(WORKER, "w-1")
    with pytest.raises(HqAway, match=r"hq\.toml"):
        hand_over.hand_over()
    (hq.folder / "away").rename(hq.folder / "hq.toml")
    close_hq_door()
    hand_over.hand_over()
    assert hq.worker("w-1") is not None
