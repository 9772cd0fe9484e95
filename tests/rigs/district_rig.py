"""A small district: two towns with two sites each, three enterprises, people, and one account for each role."""

from dataclasses import dataclass, field
from datetime import date

from allauth.mfa.models import Authenticator

from district.accounts.adapters import CodesAdapter
from district.accounts.models import Grant, User
from district.people.models import Assignment, Employment, Person, Team
from district.people.scopes import refresh
from district.permissions import Role
from district.places.models import Enterprise, Place, Project, Subcontract

TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
USCC = ("91440605MA4WXXXX1A", "91440605MA4WXXXX2B", "91440605MA4WXXXX3C")


@dataclass
class SmallDistrict:
    """What the tests work on. Names and numbers are invented."""

    root: Place
    towns: list[Place]
    enterprises: list[Enterprise]
    projects: list[Project]
    people: list[Person] = field(default_factory=list)
    accounts: dict[Role, User] = field(default_factory=dict)

    def account(self, role: Role, *, place: Place | None = None, enterprise: Enterprise | None = None) -> User:
        """Make one more account with a role at a place or in an enterprise."""
        user = User.objects.create_user(username=f"{role}-{User.objects.count()}", password=None, name=str(role))
        Grant.objects.create(user=user, role=role, place=place, enterprise=enterprise, given_by="test")
        Authenticator.objects.create(
            user=user, type=Authenticator.Type.TOTP, data={"secret": CodesAdapter().encrypt(TOTP_SECRET)}
        )
        return user


def small_district(people_per_site: int = 2) -> SmallDistrict:
    """Make the district in the test's database."""
    root = Place.objects.add_root({"kind": Place.Kind.DISTRICT, "name": "Nanhai"})
    towns = [_child(root, Place.Kind.TOWN, name) for name in ("Guicheng", "Shishan")]
    grids = [_child(town, Place.Kind.GRID, f"{town.name} 1") for town in towns]
    enterprises = [
        Enterprise.objects.create(name=f"Builder {n + 1}", uscc=code, place=grids[n % 2]) for n, code in enumerate(USCC)
    ]
    made = SmallDistrict(root, towns, enterprises, [])
    for number in range(4):
        place = _child(grids[number // 2], Place.Kind.SITE, f"Site {number + 1}")
        project = Project.objects.create(
            place=place, site_id=f"site-{number + 1}", general_contractor=enterprises[number % 3]
        )
        made.projects.append(project)
        _people(made, project, people_per_site)
    made.accounts = {
        Role.SYSTEM: made.account(Role.SYSTEM, place=root),
        Role.OFFICER: made.account(Role.OFFICER, place=root),
        Role.LIAISON: made.account(Role.LIAISON, place=grids[0]),
        Role.CLERK: made.account(Role.CLERK, enterprise=enterprises[0]),
        Role.MANAGER: made.account(Role.MANAGER, place=made.projects[0].place),
        Role.GUARD: made.account(Role.GUARD, place=made.projects[0].place),
        Role.AUDITOR: made.account(Role.AUDITOR, place=root),
    }
    return made


def _people(made: SmallDistrict, project: Project, count: int) -> None:
    enterprise, since = project.general_contractor, date(2026, 1, 5)
    Subcontract.objects.create(project=project, enterprise=enterprise, starts=since)
    team = Team.objects.create(project=project, enterprise=enterprise, name=f"Team {len(made.projects)}")
    for _ in range(count):
        number = len(made.people) + 1
        person = Person.objects.create(
            worker_id=f"w-{number}", name=f"工人{number}", pinyin=f"gong ren {number}", joined=f"gongren{number}"
        )
        Employment.objects.create(person=person, enterprise=enterprise, starts=since)
        Assignment.objects.create(person=person, project=project, enterprise=enterprise, team=team, starts=since)
        refresh([person.pk])
        made.people.append(person)


def _child(parent: Place, kind: Place.Kind, name: str) -> Place:
    child: Place = Place.objects.add_child(parent, {"kind": kind, "name": name})
    return child
