"""What an import needs to know beforehand: the account's sites and employers, and the people of some rows."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from contract.names import matched
from district.people.models import Assignment, Person, Team, lasts
from district.people.registry.desk import Desk
from district.people.registry.persons import document_index
from district.people.registry.possessions import card_index
from district.permissions import Permission
from district.places.models import Enterprise, Project, Subcontract


class OwnPart:
    """The sites, employers and teams that an account may use. Names are compared without capitals and widths."""

    def __init__(
        self, user: Any, sites: Collection[int] | None = None, employers: Collection[int] | None = None
    ) -> None:
        """Read all of them, or of some sites and employers those that the account may use now."""
        scope = user.scope(Permission.CHANGE_PEOPLE)
        projects = Project.objects.visible_to(user, Permission.CHANGE_PEOPLE).select_related("place")
        enterprises = Enterprise.objects.visible_to(user, Permission.CHANGE_PEOPLE).filter(retired__isnull=True)
        if not scope.ranges:
            enterprises = enterprises.filter(pk__in=scope.enterprises)
        if sites is not None and employers is not None:
            projects, enterprises = projects.filter(pk__in=sites), enterprises.filter(pk__in=employers)
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

    def used(self, projects: Iterable[int], enterprises: Iterable[int]) -> tuple[object, ...]:
        """Return what was read of some sites and employers, to compare it later."""
        sites, employers = set(projects), set(enterprises)
        return (
            {(one.pk, one.closed, one.general_contractor_id) for one in self.projects if one.pk in sites},
            {one.pk for one in self.enterprises if one.pk in employers},
            {
                key: sorted(map(str, times))
                for key, times in self._contracts.items()
                if key[0] in sites and key[1] in employers
            },
            {key: (one.pk, one.retired) for key, one in self.teams.items() if key[0] in sites and one.pk is not None},
        )

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
    """The people whom some rows name by their documents, with all their rows, on a desk."""

    def __init__(self, numbers: Sequence[tuple[str, str]], cards: Sequence[str], day: date) -> None:
        """`numbers`: kind and number in normal form. `cards`: numbers."""
        self.desk, self._day = Desk(), day
        self._indexes = {number: document_index(number) for _kind, number in numbers}
        self._cards = {number: card_index(number) for number in cards}
        self.desk.read(list(self._indexes.values()), list(self._cards.values()))

    def person(self, kind: str, number: str) -> Person | None:
        """Return who holds a document."""
        return self.desk.holder(kind, self._indexes[number])

    def card_of_another(self, card: str, person: Person | None) -> bool:
        """Say whether somebody else holds a card."""
        held = self.desk.open_card(self._cards[card])
        return held is not None and (person is None or held.person_id != person.pk)

    def on_site(self, person: Person, project: Project) -> Assignment | None:
        """Return the work of a person on a site that holds or begins later."""
        there = (one for one in self.desk.rows_of(Assignment, person) if one.project_id == project.pk)
        return next((one for one in there if lasts(one, self._day)), None)


def _by_names(named: Iterable[tuple[Any, tuple[str, ...]]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one, names in named:
        for name in {matched(name) for name in names if name}:
            found.setdefault(name, []).append(one)
    return found
