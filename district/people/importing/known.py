"""What an import needs to know beforehand: the account's sites and employers, and the people of some rows."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from contract.names import matched
from district.fields import index_of
from district.people.models import AccessCard, Assignment, BankAccount, IdDocument, Person, Team, in_force
from district.people.registry.persons import document_index, survivor
from district.permissions import Permission
from district.places.models import Enterprise, Project, Subcontract


class OwnPart:
    """The sites, employers and teams that an account may use. Names are compared without capitals and widths."""

    def __init__(self, user: Any) -> None:
        scope = user.scope(Permission.CHANGE_PEOPLE)
        projects = Project.objects.visible_to(user, Permission.CHANGE_PEOPLE).select_related("place")
        enterprises = Enterprise.objects.visible_to(user, Permission.CHANGE_PEOPLE).filter(retired__isnull=True)
        if not scope.ranges:
            enterprises = enterprises.filter(pk__in=scope.enterprises)
        self.projects: list[Project] = list(projects)
        self.enterprises: list[Enterprise] = list(enterprises)
        self._sites = _by_names((one, (one.site_id, one.place.name, one.code)) for one in self.projects)
        self._employers = _by_names((one, (one.uscc, one.name)) for one in self.enterprises)
        contracts = Subcontract.objects.filter(project__in=self.projects, enterprise__in=self.enterprises)
        self._contracts: dict[tuple[int, int], list[tuple[date, date | None]]] = {}
        for project, enterprise, starts, ends in contracts.values_list("project", "enterprise", "starts", "ends"):
            self._contracts.setdefault((project, enterprise), []).append((starts, ends))
        teams = Team.objects.filter(project__in=self.projects)
        self.teams = {(one.project_id, one.enterprise_id, matched(one.name)): one for one in teams}

    def sites(self, text: str) -> list[Project]:
        """Return the sites of a name, id or code; the only one for an empty text."""
        return self._sites.get(matched(text), []) if text else self.projects[:2]

    def employers(self, text: str) -> list[Enterprise]:
        """Return the employers of a name or code; the only one for an empty text."""
        return self._employers.get(matched(text), []) if text else self.enterprises[:2]

    def has_contract(self, project: Project, enterprise: Enterprise, day: date) -> bool:
        """Say whether an enterprise may let people work on a site on a day."""
        times = self._contracts.get((project.pk, enterprise.pk), [])
        in_time = any(ends is None or ends >= day for _starts, ends in times)
        return project.general_contractor_id == enterprise.pk or in_time

    def team(self, project: Project, enterprise: Enterprise, name: str) -> Team | None:
        """Return a team by its name."""
        return self.teams.get((project.pk, enterprise.pk, matched(name)))


class KnownPeople:
    """The people whom some rows name by their documents, with their work and accounts."""

    def __init__(self, numbers: Sequence[tuple[str, str]], cards: Sequence[str], day: date) -> None:
        """`numbers`: kind and number in normal form. `cards`: numbers."""
        indexes = {document_index(number): (kind, number) for kind, number in numbers}
        rows = IdDocument.objects.filter(number_index__in=indexes).select_related("person")
        self.people: dict[tuple[str, str], Person] = {
            (row.kind, indexes[row.number_index][1]): survivor(row.person) for row in rows
        }
        keys = {person.pk for person in self.people.values()}
        self.work: dict[int, list[Assignment]] = {}
        for one in Assignment.objects.filter(in_force(day), person__in=keys).select_related("team", "enterprise"):
            self.work.setdefault(one.person_id, []).append(one)
        self.accounts = dict(BankAccount.objects.filter(person__in=keys).values_list("person", "number_index"))
        card_indexes = [index_of(AccessCard, "number_index", one) for one in cards]
        held = AccessCard.objects.filter(number_index__in=card_indexes, ended__isnull=True)
        self.card_holders = dict(held.values_list("number_index", "person"))

    def card_of_another(self, card: str, person: Person | None) -> bool:
        """Say whether somebody else holds a card."""
        holder = self.card_holders.get(index_of(AccessCard, "number_index", card))
        return holder is not None and (person is None or holder != person.pk)

    def on_site(self, person: Person, project: Project) -> Assignment | None:
        """Return the work of a person on a site that holds or begins later."""
        return next((one for one in self.work.get(person.pk, ()) if one.project_id == project.pk), None)


def _by_names(named: Iterable[tuple[Any, tuple[str, ...]]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one, names in named:
        for name in {matched(name) for name in names if name}:
            found.setdefault(name, []).append(one)
    return found
