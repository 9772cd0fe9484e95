"""PROMISE: a sheet of people is prepared while others write, and written whole after a look at what was read."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from district_rig import SmallDistrict
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from id_numbers import id_number
from people_sheets import ROWS, TODAY, applied, clerks_rows, people_sheet, prepared

from district.api.models import WebhookDelivery
from district.api.webhooks import make_endpoint
from district.attendance.models import FeedLine, Passage
from district.audit.models import Entry
from district.exchange.models import OutboxRow
from district.imports import checking
from district.people import registry
from district.people.models import Person, Team
from district.permissions import Role
from district.realname.models import SiteUpload

DAY = timedelta(days=1)


class _TakenBack(Exception):
    pass


def test_ok__who_hears_of_one_row_hears_of_many(town: SmallDistrict, tmp_path: Path) -> None:
    site, officer = town.projects[0], town.accounts[Role.OFFICER]
    known = registry.add_person("test", registry.PersonDraft(name="王小明", id_number=id_number(0))).person
    line = FeedLine.objects.create(gate_id="gate-1", line="epoch")
    moment = timezone.now() - timedelta(hours=1)
    passage = Passage.objects.create(
        line=line, seq=1, project=site, person=known, utc=moment, local=0, direction="in", granted=True
    )
    make_endpoint(officer, "payroll", "https://payroll.example/hook", ["assignments"], place=town.root)
    SiteUpload.objects.create(project=site, enabled=True, looked=moment)
    rows = clerks_rows(3)
    rows[0]["starts"] = (moment - 3 * DAY).date().isoformat()
    applied(town, people_sheet(tmp_path, rows))
    told = [one for body in WebhookDelivery.objects.values_list("body", flat=True) for one in body["data"]]
    assert Counter((one["what"], one["team"]) for one in told) == {("begun", "钢筋一班"): 3}
    assert SiteUpload.objects.get().looked is None
    passage.refresh_from_db()
    assert passage.assignment is not None


def _renamed(town: SmallDistrict, known: Person) -> None:
    registry.change_person("test", known, {"address": "桂城 9 号"})


def _hired(town: SmallDistrict, known: Person) -> None:
    registry.assign("test", known, town.projects[0], town.enterprises[0], starts=TODAY)


def _registered(town: SmallDistrict, known: Person) -> None:
    registry.add_person("test", registry.PersonDraft(name="王小明", id_number=id_number(1)))


def _card_given(town: SmallDistrict, known: Person) -> None:
    registry.add_card("test", town.people[0], "91")


def _site_closed(town: SmallDistrict, known: Person) -> None:
    type(town.projects[0]).objects.filter(pk=town.projects[0].pk).update(closed=TODAY)


def _right_ended(town: SmallDistrict, known: Person) -> None:
    town.accounts[Role.CLERK].grants.all().delete()


def _team_made(town: SmallDistrict, known: Person) -> None:
    Team.objects.create(project=town.projects[0], enterprise=town.enterprises[0], name="钢筋一班")


@pytest.mark.parametrize("change", [_renamed, _hired, _registered, _card_given, _site_closed, _right_ended, _team_made])
def test_fail__what_changes_between_reading_and_writing_writes_nothing(
    town: SmallDistrict, tmp_path: Path, change: Callable[[SmallDistrict, Person], None]
) -> None:
    known = registry.add_person("test", registry.PersonDraft(name="王小明", id_number=id_number(0))).person
    write = prepared(town, people_sheet(tmp_path, clerks_rows(3)))
    change(town, known)
    before = _counted()
    with pytest.raises(checking.ChangedSince), transaction.atomic():
        write()
    assert _counted() == before


def test_fail__an_end_in_the_middle_leaves_nothing(
    town: SmallDistrict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, before = prepared(town, people_sheet(tmp_path, clerks_rows(3))), _counted()
    monkeypatch.setattr("district.people.registry.desk.send_workers", lambda names: 1 // 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write()
    assert _counted() == before


def test_ok__more_rows_take_no_more_statements(town: SmallDistrict, tmp_path: Path) -> None:
    counts = []
    for count in (5, 20):
        write = prepared(town, people_sheet(tmp_path, clerks_rows(count)))
        with CaptureQueriesContext(connection) as seen, pytest.raises(_TakenBack), transaction.atomic():
            write()
            raise _TakenBack
        counts.append(len(seen))
    assert counts[0] == counts[1] < 100  # each app that works on new people adds a few, for all rows together


def _counted() -> list[int]:
    return [model._base_manager.count() for model in (*ROWS, OutboxRow, Entry)]
