"""PROMISE: a sheet of many rows does what its rows do one by one, in one short transaction."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.db import models, transaction
from id_numbers import id_number
from people_sheets import ROWS, TODAY, applied, people_sheet

from district.audit.models import Entry
from district.exchange.models import OutboxRow
from district.imports import checking
from district.people import registry
from district.people.importers import PeopleImporter
from district.people.importing.changes import PeopleRow
from district.people.models import (
    Assignment,
    IdDocument,
    Person,
    Team,
)
from district.places.models import Subcontract

DAY = timedelta(days=1)
NAMES = ["王小明", "王小民", "李四", "李思", "阿卜杜·热合曼", "Ali Reza"]
_OWN = {"id", "worker_id", "added", "changed", "given"}
"""Columns that are another each time."""


@pytest.fixture(autouse=True)
def _one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: TODAY)


@pytest.mark.parametrize("seed", range(4))
def test_ok__many_rows_do_what_each_does_alone(town: SmallDistrict, tmp_path: Path, seed: int) -> None:
    drawn = random.Random(seed)
    _some_are_known(town, drawn)
    sheet = people_sheet(tmp_path, [_drawn_row(drawn, number) for number in range(24)])
    alone = _outcome(lambda: applied(town, sheet, _Alone))
    at_once = _outcome(lambda: applied(town, sheet))
    assert alone.keys() == at_once.keys()
    for name, told in alone.items():
        assert _difference(at_once[name], told) == ([], []), name


def _difference(one: Any, other: Any) -> tuple[list[str], list[str]]:
    if isinstance(one, str):
        one, other = {one}, {other}
    return sorted(map(str, one - other)), sorted(map(str, other - one))


def _some_are_known(town: SmallDistrict, drawn: random.Random) -> None:
    """Register some people of the sheets beforehand: at work, gone, to come, with papers, leading a team."""
    Subcontract.objects.create(project=town.projects[0], enterprise=town.enterprises[1], starts=date(2026, 1, 1))
    for number in range(0, 24, 2):
        draft = registry.PersonDraft(name=_name(number), **_document(number))
        person = registry.add_person("test", draft).person
        if drawn.random() < 0.8:
            starts = TODAY - drawn.choice([400, 200, 30, 0]) * DAY
            ends = drawn.choice([None, None, starts + 100 * DAY])
            where = town.projects[0], town.enterprises[0]
            team = Team.objects.filter(project=where[0]).first() if drawn.random() < 0.5 else None
            registry.assign("test", person, *where, starts=starts, ends=ends, team=team)
            if team is not None and ends is None:
                registry.save_team("test", team, name=team.name, leader=person)
        if drawn.random() < 0.3:
            registry.set_bank_account("test", person, "建设银行", "6222020000012345")
        if drawn.random() < 0.3:
            registry.add_card("test", person, f"77{number}")
        if drawn.random() < 0.2:
            registry.end_card("test", registry.add_card("test", person, f"88{number}"))


def _name(number: int) -> str:
    return NAMES[number % len(NAMES)]


def _document(number: int) -> dict[str, str]:
    if number % 5 == 3:
        return {"id_kind": "08", "id_number": f"E{number:08}"}
    return {"id_number": id_number(number, birth=f"1990010{1 + number % 8}")}


def _drawn_row(drawn: random.Random, number: int) -> dict[str, Any]:
    document = _document(number)
    row: dict[str, Any] = {
        "name": _name(number), "id_kind": "护照" if "id_kind" in document else "身份证",
        "id_number": document["id_number"], "site": "Site 1", "employer": "Builder 1",
    }  # fmt: skip
    choices: dict[str, Sequence[Any]] = {
        "phone": ["13800138000", "13900139000", "-"], "nation": ["汉", "壮族"], "address": ["桂城 1 号", "-"],
        "emergency_contact": ["张三 13800000000"], "team": ["Team 1", "钢筋一班", "木工班", "-"],
        "trade": ["钢筋工", "木工", "900"], "role": ["管理人员", "工人"],
        "starts": [TODAY - 300 * DAY, TODAY - 3 * DAY, TODAY, TODAY + 20 * DAY],
        "ends": [TODAY + 30 * DAY, TODAY + 60 * DAY, TODAY - 2 * DAY] if drawn.random() < 0.3 else [],
        "contract_number": [f"C{number}"], "contract_ends": [TODAY + 200 * DAY],
        "account": [f"62220200000{number:05}"], "training_expires": [TODAY + 300 * DAY], "card": [f"77{number}", f"9{number}"],
    }  # fmt: skip
    for key, values in choices.items():
        if values and drawn.random() < 0.4:
            value = drawn.choice(values)
            row[key] = value.isoformat() if isinstance(value, date) else value
    if "account" in row:
        row["bank"] = "工商银行"
    if row["id_kind"] == "护照" and drawn.random() < 0.5:
        row |= {"birth": "1990-01-01", "sex": "男"}
    if "ends" in row and row["ends"] < row.get("starts", TODAY.isoformat()):
        del row["ends"]
    return row


class _Alone(PeopleImporter):
    """Writes each row by itself, as a page would."""

    ahead = False

    def write(self, changes: Sequence[Any]) -> None:
        for change in changes:
            data = change.data
            work = data.work and Assignment.objects.get(pk=data.work.pk)
            row = PeopleRow(data.given, data.kind, data.project, data.enterprise, work)
            with registry.together(self.user, "import"):
                self._write_row(replace(change, data=row))


class _TakenBack(Exception):
    pass


def _outcome(do: Callable[[], None]) -> dict[str, Any]:
    """Return what an application leaves or refuses, and take it back."""
    found: dict[str, Any] = {}
    first = max(Entry.objects.values_list("pk", flat=True), default=0)
    OutboxRow.objects.all().delete()
    try:
        with transaction.atomic():
            try:
                do()
            except checking.ImportRefused as refused:
                found["refused"] = str(refused)
                raise _TakenBack from refused
            names = _names_of_rows()
            for model in ROWS:
                found[model.__name__] = Counter(_said(row, names) for row in model._base_manager.all())
            found["outbox"] = {(row.kind, names.get(row.subject, row.subject)) for row in OutboxRow.objects.all()}
            entries = Entry.objects.filter(pk__gt=first)
            found["audit"] = Counter(
                (one.actor, one.action, one.subject_kind, names.get((one.subject_kind, one.subject_id), one.subject_id),
                 one.place_path,
                 one.enterprise, str(one.details.get("fields")))
                for one in entries
            )  # fmt: skip
            raise _TakenBack
    except _TakenBack:
        pass
    return found


def _names_of_rows() -> dict[Any, str]:
    """Return what a row is called in both outcomes, by its key."""
    names: dict[Any, str] = {}
    for person in Person.objects.all():
        document = IdDocument.objects.filter(person=person).first()
        said = f"{person.name} {document.number if document else person.worker_id}"
        names[person.worker_id] = names["people.person", str(person.pk)] = said
    for model in ROWS[1:]:
        for row in model._base_manager.all():
            names[model._meta.label_lower, str(row.pk)] = str(_said(row, names))
    return names


def _said(row: models.Model, names: dict[Any, str]) -> tuple[str, ...]:
    said = []
    for one in row._meta.concrete_fields:
        value = getattr(row, one.attname)
        if one.related_model is not None and value is not None:
            value = names.get((one.related_model._meta.label_lower, str(value)), value)
        if one.name not in _OWN:
            said.append(f"{one.name}={value is not None if one.name in ('ended', 'found') else value}")
    return tuple(said)
