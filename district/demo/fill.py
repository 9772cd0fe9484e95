"""Fill an empty district with the invented one: through the same functions that pages use."""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from district.accounts import registry as accounts
from district.accounts.adapters import CodesAdapter
from district.accounts.models import User
from district.attendance.feed_handlers import handle
from district.demo import cast
from district.demo.uploads import connect
from district.exchange.models import FeedPosition
from district.people import registry as people
from district.people.models import Person, Team
from district.places import registry as places
from district.places.models import Enterprise, Place, Project

BY = "demo"
MEMBERS_AT = "site-demo"
INSIDE_SINCE = timedelta(hours=3)
"""Whenever somebody looks, people came to work so long ago."""
DAYS = 14
_BASE32_SECRET_BYTES = 20


@dataclass(frozen=True)
class DemoEntry:
    """An entry as HQ's feed gives it."""

    site_id: str
    gate_id: str
    seq: int
    type: str
    worker_id: str
    utc: datetime
    body: str
    kind: str = "event"
    line: str = "demo-history"
    corrected_utc: datetime | None = None
    received_utc: datetime | None = None
    why: str = ""
    last_seq: int = 0


@dataclass
class DemoDistrict:
    """What was made."""

    root: Place
    towns: list[Place]
    enterprises: list[Enterprise]
    projects: list[Project] = field(default_factory=list)
    workers: dict[str, list[Person]] = field(default_factory=dict)


def fill(members: Sequence[tuple[str, str]] = (), gate: str = "gate-demo") -> list[User]:
    """Fill the database, and return the accounts. `members`: worker ids that the demonstration's gate knows, each with
    the last day of its training.
    """
    with transaction.atomic():
        made = _places()
        for site in cast.SITES:
            _site(made, site, members if site.site_id == MEMBERS_AT else ())
        users = [_account(made, one) for one in cast.ACCOUNTS]
        _appoint(made, users[0])
        connect(made.projects[0], made.workers[MEMBERS_AT])
    handle(list(_history(made, gate)))
    FeedPosition.objects.update_or_create(pk=1, defaults={"read": timezone.now()})
    return users


def _places() -> DemoDistrict:
    root = Place.objects.add_root({"kind": Place.Kind.DISTRICT, "name": "南海示范区", "code": "449999"})
    towns, grids = [], []
    for name, communities in cast.TOWNS.items():
        town = places.add_place(BY, root, Place.Kind.TOWN, name)
        towns.append(town)
        for community in communities:
            below = places.add_place(BY, town, Place.Kind.COMMUNITY, community)
            grids += [
                places.add_place(BY, below, Place.Kind.GRID, f"{community}第{n + 1}网格") for n in range(cast.GRIDS)
            ]
    enterprises = [
        places.add_enterprise(BY, {"name": name, "uscc": cast.code_of(number), "kind": kind, "place": grids[number]})
        for number, (name, kind) in enumerate(cast.ENTERPRISES)
    ]
    return DemoDistrict(root, towns, enterprises)


def _appoint(made: DemoDistrict, officer: User) -> None:
    """Name an officer nearly everywhere: one vacancy of each kind stays, to be seen."""
    grids = list(Place.objects.filter(kind__in=(Place.Kind.GRID, Place.Kind.SITE)))
    for place in [made.root, *made.towns, *grids[1:]]:
        places.appoint(BY, "officer", officer.pk, place=place)
    for enterprise in made.enterprises[1:]:
        places.appoint(BY, "officer", officer.pk, enterprise=enterprise)


def _site(made: DemoDistrict, site: cast.DemoSite, members: Sequence[tuple[str, str]]) -> None:
    first, end = made.towns[site.town].branch
    grid = Place.objects.filter(kind=Place.Kind.GRID, path__gte=first, path__lt=end)[len(made.projects) % 2]
    today = timezone.localdate()
    contractor = made.enterprises[site.contractor]
    fields = {
        "general_contractor": contractor,
        "longitude": site.longitude,
        "latitude": site.latitude,
        "code": cast.site_code_of(len(made.projects)),
        "permit": f"4499992026010{len(made.projects)}",
        "starts": today - timedelta(days=200),
        "ends": today + timedelta(days=400),
    }
    project = places.add_site(BY, grid, site.name, fields, site_id=site.site_id)
    made.projects.append(project)
    teams = [_team(made, project, *one) for one in site.teams]
    made.workers[site.site_id] = [
        _worker(
            made, project, teams[number % len(teams)], site.teams[number % len(teams)][2], known, number < site.refused
        )
        for number, known in enumerate([*members, *[("", "")] * (site.people - len(members))])
    ]
    for team, person in zip(teams, made.workers[site.site_id], strict=False):
        people.save_team(BY, team, name=team.name, leader=person)


def _team(made: DemoDistrict, project: Project, name: str, enterprise: int, _trade: str) -> Team:
    company = made.enterprises[enterprise]
    if not project.subcontracts.filter(enterprise=company).exists():
        places.add_subcontract(BY, project, company, project.starts or timezone.localdate(), None)
    return people.save_team(BY, Team(project=project, enterprise=company), name=name)


def _worker(
    made: DemoDistrict, project: Project, team: Team, trade: str, known: tuple[str, str], lapsed: bool
) -> Person:
    number = sum(map(len, made.workers.values())) + Person.objects.count()
    today = timezone.localdate()
    person = people.add_person(
        BY,
        people.PersonDraft(
            name=cast.name_of(number),
            id_number=cast.id_number_of(number),
            id_issuer="示范市公安局",
            phone=f"138{number:08}",
            nation="汉",
            address=cast.address_of(number),
        ),
    ).person
    worker_id, trained = known
    if worker_id:
        Person.objects.filter(pk=person.pk).update(worker_id=worker_id)
        person.worker_id = worker_id
    since = today - timedelta(days=30 + number % 60)
    people.employ(BY, person, team.enterprise, starts=since, contract_number=f"DEMO-{number:04}")
    people.assign(BY, person, project, team.enterprise, starts=since, team=team, trade=trade)
    ends_in = -(3 + number % 9) if lapsed else (number * 7) % 300
    expires = datetime.fromisoformat(trained).date() if trained else today + timedelta(days=ends_in)
    people.save_certificate(
        BY, person, kind="三级安全教育", issued=min(since, expires), expires=expires, is_training=True
    )
    return person


def _account(made: DemoDistrict, one: cast.DemoAccount) -> User:
    place = None
    if one.enterprise is None:
        place = next((p.place for p in made.projects if p.site_id == one.site_id), made.root)
        place = Place.objects.get_parent(place) if one.grid else place
    enterprise = None if one.enterprise is None else made.enterprises[one.enterprise]
    user, _secret = accounts.invite(None, one.username, one.name, accounts.Wanted(one.role, place, enterprise))
    data = {"secret": CodesAdapter().encrypt(secrets.token_hex(_BASE32_SECRET_BYTES))}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
    return user


def _history(made: DemoDistrict, gate: str) -> Iterator[DemoEntry]:
    """Return the passages of two weeks, and of today up to now. One gate of each site would have sent them."""
    for site, project in zip(cast.SITES, made.projects, strict=True):
        name = gate if site.site_id == MEMBERS_AT else f"gate-{site.site_id[5:]}"
        found: list[DemoEntry] = []
        for back in range(DAYS, -1, -1):
            for number, person in enumerate(made.workers[site.site_id]):
                found += _day(project, name, back, number, person)
            found += _refusals(project, name, back, made.workers[site.site_id][: site.refused])
        found.sort(key=lambda entry: entry.utc)
        yield from (replace(entry, seq=seq) for seq, entry in enumerate(found, start=1))


def _day(project: Project, gate: str, back: int, number: int, person: Person) -> Iterator[DemoEntry]:
    """Return one person's passages of a day. Some stay at home, and some leave unseen."""
    if (number + back) % 9 == 0:
        return
    midnight = _midnight(back)
    came = midnight + timedelta(hours=6.5, minutes=(number * 13 + back * 7) % 45)
    left = midnight + timedelta(hours=17.5, minutes=(number * 11 + back * 5) % 60)
    if back == 0:
        came = max(midnight, timezone.now() - INSIDE_SINCE) + timedelta(seconds=number * 17)
        left = timezone.now() - timedelta(minutes=1 if number % 5 == 4 else -1)
    if came < timezone.now():
        yield _entry(project, gate, person, came, "in")
    if came < left < timezone.now() and (number + back) % 31 != 5:
        yield _entry(project, gate, person, left, "out")


def _refusals(project: Project, gate: str, back: int, people_: Sequence[Person]) -> Iterator[DemoEntry]:
    for number, person in enumerate(people_):
        when = _midnight(back) + timedelta(hours=6.4, minutes=number * 3)
        if back == 0:
            when = timezone.now() - timedelta(minutes=20 + number)
        yield _entry(project, gate, person, when, "in", refused="training_lapsed")


def _midnight(back: int) -> datetime:
    day = timezone.localdate() - timedelta(days=back)
    return timezone.make_aware(datetime.combine(day, time())).astimezone(UTC)


def _entry(project: Project, gate: str, person: Person, when: datetime, direction: str, refused: str = "") -> DemoEntry:
    body = {"direction": direction, "clock_trusted": True}
    body |= {"reason": refused, "granted": False} if refused else {"outcome": "passed"}
    kind = "access" if refused else "passage"
    return DemoEntry(project.site_id, gate, 0, kind, person.worker_id, when, json.dumps(body), received_utc=when)
