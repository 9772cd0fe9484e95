"""Imports of people from a sheet: who, by which document, where they work, what they hold."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_stubs_ext import StrPromise

from common.sheets.refusals import ImportRefused
from common.sheets.rows import SheetRow
from contract.names import matched
from district.imports.importer import (
    ChangedMeanwhile,
    Importer,
    ImportField,
    PlannedRow,
    RowAction,
    RowChange,
    RowProblem,
)
from district.pages import SignedIn
from district.people import registry, rules
from district.people.importing import cells
from district.people.importing.changes import OF_PERSON, TRAINING, PeopleRow, changes_of
from district.people.importing.fields import FIELDS
from district.people.importing.known import KnownPeople, OwnPart
from district.people.models import Team
from district.people.registry import RecordRefused
from district.people.registry.desk import Desk, collecting
from district.people.rules import WrongName, WrongNumber
from district.permissions import Permission
from district.places.models import Enterprise, Project

_NAMES: dict[str, Callable[[str], str]] = {"trade": rules.trade_name, "nation": rules.nation_name}


class PeopleImporter(Importer):
    """A sheet of people. A row adds a person, or changes the one with the same id document."""

    key: ClassVar[str] = "people"
    ahead: ClassVar[bool] = True
    name: ClassVar[StrPromise] = _("People")
    permission: ClassVar[Permission] = Permission.CHANGE_PEOPLE
    fields: ClassVar[tuple[ImportField, ...]] = FIELDS
    lead: ClassVar[StrPromise] = _(
        "Each row is a person with the work on a site. Somebody with a known id number is not added twice."
    )
    order: ClassVar[int] = 10

    def __init__(self, user: SignedIn) -> None:
        super().__init__(user)
        self._own = OwnPart(user)
        self._seen: dict[tuple[str, str], int] = {}
        self._cards: dict[str, int] = {}
        self._today = timezone.localdate()
        self._desk, self._known = Desk(), KnownPeople((), (), self._today)
        self._used: set[tuple[int, int]] = set()

    @classmethod
    def said(cls, key: str, value: str) -> StrPromise | str:
        """Return a value as pages say it: codes of the national tables by their names."""
        return _NAMES[key](value) if value and key in _NAMES else value

    def plan(self, rows: Sequence[SheetRow]) -> Iterator[PlannedRow]:
        """Say what rows would change. Raises nothing: each problem is a row's."""
        numbers = [(self._kind(row), row.values["id_number"]) for row in rows if row.values.get("id_number")]
        cards = [row.values["card"] for row in rows if row.values.get("card")]
        known = self._known = KnownPeople(numbers, cards, self._today)
        for row in rows:
            yield from self._planned(row, known)

    def write(self, changes: Sequence[RowChange]) -> None:
        """Prepare planned rows through the registry. Raises ImportRefused with the row that it refuses."""
        self._desk.adopt(self._known.desk)
        with collecting(self._desk):
            for change in changes:
                self._write_row(change)
                self._used.add((change.data.project.pk, change.data.enterprise.pk))

    def store(self) -> None:
        """Write what was prepared. Raises ChangedMeanwhile."""
        sites, employers = {site for site, _other in self._used}, {employer for _other, employer in self._used}
        account: Any = self.user
        now = OwnPart(type(account).objects.get(pk=account.pk), sites, employers)
        if now.used(sites, employers) != self._own.used(sites, employers):
            raise ChangedMeanwhile
        self._desk.write(self.user, "import")

    def _kind(self, row: SheetRow) -> str:
        return str(row.values.get("id_kind") or rules.RESIDENT)

    def _planned(self, row: SheetRow, known: KnownPeople) -> Iterator[PlannedRow]:
        given, problems = row.values, list(self._problems(row))
        project, enterprise = self._place(row, problems)
        person = known.person(self._kind(row), given["id_number"])
        if person is not None and matched(person.name) != matched(given["name"]):
            text = gettext_noop("This id number is registered under another name: compare number and name.")
            problems.append(RowProblem(row.number, text, key="name"))
        if given.get("card") and known.card_of_another(given["card"], person):
            text = gettext_noop("Somebody else holds this card: end it there first.")
            problems.append(RowProblem(row.number, text, key="card"))
        work = known.on_site(person, project) if person is not None and project is not None else None
        if work is not None and enterprise is not None and work.enterprise_id != enterprise.pk:
            text = gettext_noop("This person works on the site for another employer: end that work first.")
            problems.append(RowProblem(row.number, text, key="employer"))
        if problems or project is None or enterprise is None:
            yield from problems
            return
        data = PeopleRow(given, self._kind(row), project, enterprise, work)
        fields = tuple(changes_of(data, person, known.desk, self._today))
        action = RowAction.ADD if person is None else RowAction.CHANGE if fields else RowAction.NONE
        yield RowChange(row.number, action, given["name"], fields, data)

    def _problems(self, row: SheetRow) -> Iterator[RowProblem]:
        given, number, kind = row.values, row.number, self._kind(row)
        try:
            facts = rules.id_facts(kind, given["id_number"], self._today)
        except WrongNumber as wrong:
            yield RowProblem(number, str(wrong), key="id_number")
            return
        if (first := self._seen.setdefault((kind, facts.number), number) if number else 0) and first != number:
            text = gettext_noop("This person stands in row %(first)s already: keep one of both.")
            yield RowProblem(number, text, {"first": first}, key="id_number")
        for key in ("birth", "sex"):
            said, told = given.get(key), getattr(facts, key)
            if said and told and said != told:
                text = gettext_noop("This does not agree with the id number: correct one of both.")
                yield RowProblem(number, text, key=key)
        starts, ends = given.get("starts"), given.get("ends")
        if starts and abs((starts - self._today).days) > 366 and starts > self._today:
            yield RowProblem(number, gettext_noop("The first day is too far ahead: compare the year."), key="starts")
        if ends and ends < (starts or self._today):
            text = gettext_noop("The last day is before the first day: exchange or correct them.")
            yield RowProblem(number, text, key="ends")
        if given.get("account") and not given.get("bank"):
            yield RowProblem(number, gettext_noop("The bank's name is missing: add a column for it."), key="account")
        if (card := given.get("card")) and (first := self._cards.setdefault(card, number)) != number:
            text = gettext_noop("Row %(first)s has this card too: a card has one owner.")
            yield RowProblem(number, text, {"first": first}, key="card")

    def _place(self, row: SheetRow, problems: list[RowProblem]) -> tuple[Project | None, Enterprise | None]:
        """Return the row's site and employer; add what is wrong with them to the problems."""
        starts: date = row.values.get("starts") or self._today
        sites, employers = (
            self._own.sites(row.values.get("site") or ""),
            self._own.employers(row.values.get("employer") or ""),
        )
        for key, found, text in (
            ("site", sites, gettext_noop("This is not one of your sites: write its name or id.")),
            ("employer", employers, gettext_noop("This is not an employer that you may use: write its name or code.")),
        ):
            if len(found) != 1:
                problems.append(RowProblem(row.number, text, key=key))
        if len(sites) != 1 or len(employers) != 1:
            return None, None
        project, enterprise = sites[0], employers[0]
        if project.closed is not None and project.closed <= starts:
            problems.append(RowProblem(row.number, gettext_noop("This site is closed: choose another."), key="site"))
        if not self._own.has_contract(project, enterprise, starts):
            text = gettext_noop("This enterprise has no contract on the site at that time: add the contract first.")
            problems.append(RowProblem(row.number, text, key="employer"))
        team = self._own.team(project, enterprise, row.values.get("team") or "")
        if team is not None and team.retired is not None:
            problems.append(RowProblem(row.number, gettext_noop("This team has ended: choose another."), key="team"))
        return project, enterprise

    def _write_row(self, change: RowChange) -> None:
        try:
            self._write(change.data)
        except (RecordRefused, WrongName, WrongNumber) as refused:
            text = gettext_noop("Row %(row)s: %(reason)s")
            raise ImportRefused(text, row=change.row, reason=str(refused)) from refused

    def _write(self, row: PeopleRow) -> None:
        given, by = row.given, self.user
        person = registry.add_person(
            by,
            registry.PersonDraft(
                name=given["name"],
                id_kind=row.kind,
                id_number=given["id_number"],
                **{name: given[name] for name in OF_PERSON if given.get(name)},
            ),
        ).person
        if cleared := {name: "" for name in OF_PERSON if name in given and given[name] is None}:
            registry.change_person(by, person, cleared)
        self._write_work(row, person)
        if given.get("account"):
            registry.set_bank_account(by, person, given["bank"], given["account"])
        if given.get("training_expires"):
            registry.save_certificate(by, person, kind=TRAINING, expires=given["training_expires"], is_training=True)
        if given.get("card"):
            registry.add_card(by, person, given["card"])

    def _write_work(self, row: PeopleRow, person: Any) -> None:
        given, by, starts = row.given, self.user, row.given.get("starts") or self._today
        if given.get("contract_number") or given.get("contract_ends"):
            registry.employ(
                by,
                person,
                row.enterprise,
                starts=starts if row.work is None else row.work.starts,
                contract_number=given.get("contract_number") or "",
                contract_ends=given.get("contract_ends"),
            )
        team = self._team(row) if given.get("team") else None
        trade = given.get("trade") or (row.work.trade if row.work else rules.OTHER_TRADE)
        if row.work is None:
            role = given.get("role") or cells.default_role(trade)
            registry.assign(
                by, person, row.project, row.enterprise, starts=starts, ends=given.get("ends"), team=team, trade=trade,
                role=role,
            )  # fmt: skip
            return
        work = row.work
        if "team" not in given:
            team = work.team
        work = registry.change_assignment(by, work, team=team, trade=trade, role=given.get("role") or work.role)
        if given.get("ends"):
            registry.end_assignment(by, work, given["ends"])

    def _team(self, row: PeopleRow) -> Team:
        found = self._own.team(row.project, row.enterprise, row.given["team"])
        if found is None:
            team = Team(project=row.project, enterprise=row.enterprise)
            found = registry.save_team(self.user, team, name=row.given["team"])
            self._own.teams[(row.project.pk, row.enterprise.pk, matched(found.name))] = found
        return found


IMPORTERS: tuple[type[Importer], ...] = (PeopleImporter,)
