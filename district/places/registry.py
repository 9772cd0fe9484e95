"""Changes of places, enterprises and sites: each one transaction with its audit entry and, for a site, its outbox row.

The caller has found the rows by `visible_to(user, Permission.CHANGE_SITES)`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record, record_many
from district.outgoing import send_site
from district.places.locking import change_tree
from district.places.models import Enterprise, Place, Project, Responsibility, Subcontract
from district.places.rules import PlaceRefused, may_stand_below, proposed_site_id
from district.places.signals import branch_moved

PLACE_FIELDS = ("name", "code", "outline")
SITE_FIELDS = (
    "code",
    "permit",
    "address",
    "longitude",
    "latitude",
    "starts",
    "ends",
    "resumed",
    "general_contractor",
)
_AT_HQ = frozenset({"name", "closed"})
"""What HQ knows of a site."""


@transaction.atomic
def add_place(actor: object, parent: Place, kind: str, name: str, code: str = "") -> Place:
    """Add a place below another. Raises PlaceRefused."""
    parent = _locked(parent)
    _check_below(kind, parent)
    place = cast(Place, Place.objects.add_child(parent, {"kind": kind, "name": name, "code": code}))
    record(actor, "add", place, fields=("kind", "name", "code"))
    return place


@transaction.atomic
def change_place(actor: object, place: Place, changes: Mapping[str, Any]) -> None:
    """Change name, code or outline. A site's new name goes to HQ."""
    if changed := _set(place, changes):
        record(actor, "change", place, fields=changed)
        if place.kind == Place.Kind.SITE and "name" in changed:
            send_site(place.project.site_id)


@transaction.atomic
def move_place(actor: object, place: Place, parent: Place) -> Place:
    """Move a place and all below it. Its people are then seen from the new branch. Raises PlaceRefused."""
    change_tree()
    place, parent = _locked(place), _locked(parent)
    if parent.path.startswith(place.path):
        raise PlaceRefused(gettext_noop("%(name)s cannot stand below itself: choose another place."), name=place.name)
    _check_below(place.kind, parent)
    if place.path.startswith(parent.path) and place.depth == parent.depth + 1:
        return place
    before = str(place.path)
    Place.objects.move(place, parent, "last-child")
    moved = cast(Place, Place.objects.get(pk=place.pk))
    record(actor, "move", moved, fields=("parent",), details={"from": before, "to": moved.path})
    record(actor, "move", moved, fields=("parent",), place_path=before)  # readers of the old branch see it too
    branch_moved.send(Place, place=moved, before=before)
    return moved


@transaction.atomic
def retire_place(actor: object, place: Place, day: date | None) -> None:
    """Retire a place, or bring it back (None). Raises PlaceRefused: something in use stands below it."""
    place = _locked(place)
    if day is not None:
        first, end = place.branch
        below = Place.objects.filter(path__gt=first, path__lt=end, retired=None).exclude(kind=Place.Kind.SITE)
        open_sites = Project.objects.filter(place__path__gte=first, place__path__lt=end, closed=None)
        seats = Enterprise.objects.filter(place__path__gte=first, place__path__lt=end, retired=None)
        for text, rows in (
            (gettext_noop("%(name)s has %(count)s places below it: retire or move them first."), below),
            (gettext_noop("%(name)s has %(count)s open sites: close or move them first."), open_sites),
            (gettext_noop("%(name)s is the seat of %(count)s enterprises: move them first."), seats),
        ):
            if count := rows.count():
                raise PlaceRefused(text, name=place.name, count=count)
    if changed := _set(place, {"retired": day}):
        record(actor, "retire" if day else "bring back", place, fields=changed)


@transaction.atomic
def add_enterprise(actor: object, fields: Mapping[str, Any]) -> Enterprise:
    """Add an enterprise. Raises PlaceRefused: its code is taken."""
    try:
        with transaction.atomic():
            enterprise = Enterprise.objects.create(**fields)
    except IntegrityError as error:
        raise PlaceRefused(
            gettext_noop("Another enterprise has the code %(code)s: search for it."), code=fields["uscc"]
        ) from error
    record(actor, "add", enterprise, fields=sorted(fields), place_path=enterprise.place.path)
    return enterprise


@transaction.atomic
def add_enterprises(actor: object, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add many enterprises at once. Raises IntegrityError: a code is taken."""
    made = Enterprise.objects.bulk_create([Enterprise(**fields) for fields in rows])
    record_many(actor, "add", made, fields=sorted({key for fields in rows for key in fields}))


@transaction.atomic
def change_enterprise(actor: object, enterprise: Enterprise, changes: Mapping[str, Any]) -> None:
    """Change an enterprise. Raises PlaceRefused: its code is taken."""
    try:
        with transaction.atomic():
            changed = _set(enterprise, changes)
    except IntegrityError as error:
        raise PlaceRefused(
            gettext_noop("Another enterprise has the code %(code)s: search for it."), code=changes["uscc"]
        ) from error
    if changed:
        record(actor, "change", enterprise, fields=changed, place_path=enterprise.place.path)


@transaction.atomic
def retire_enterprise(actor: object, enterprise: Enterprise, day: date | None) -> None:
    """Retire an enterprise, or bring it back (None). Raises PlaceRefused: it works on open sites."""
    if day is not None:
        works = Q(general_contractor=enterprise) | Q(
            pk__in=Subcontract.objects.filter(Q(ends=None) | Q(ends__gt=day), enterprise=enterprise).values("project")
        )
        if count := Project.objects.filter(works, closed=None).count():
            text = gettext_noop("%(name)s works on %(count)s open sites: end its contracts there first.")
            raise PlaceRefused(text, name=enterprise.name, count=count)
    if changed := _set(enterprise, {"retired": day}):
        record(actor, "retire" if day else "bring back", enterprise, fields=changed, place_path=enterprise.place.path)


@transaction.atomic
def add_site(actor: object, parent: Place, name: str, fields: Mapping[str, Any], site_id: str = "") -> Project:
    """Add a site with its general contractor's contract, and hand it to HQ. Raises PlaceRefused."""
    parent = _locked(parent)
    _check_below(Place.Kind.SITE, parent)
    taken = frozenset(Project.objects.order_by().values_list("site_id", flat=True))
    if site_id in taken:
        raise PlaceRefused(gettext_noop("Another site has the id %(id)s: choose another."), id=site_id)
    place = cast(Place, Place.objects.add_child(parent, {"kind": Place.Kind.SITE, "name": name}))
    project = Project(place=place, site_id=site_id or proposed_site_id(name, taken))
    for key, value in fields.items():
        setattr(project, key, value)
    project.save()
    _contract(project, project.general_contractor)
    record(actor, "add", project, fields=("name", "site_id", *sorted(fields)))
    send_site(project.site_id)
    return project


@transaction.atomic
def change_site(actor: object, project: Project, changes: Mapping[str, Any]) -> None:
    """Change a site. `name` is its place's. A new general contractor gets a contract."""
    changes = dict(changes)
    changed = _set(project.place, {"name": changes.pop("name")}) if "name" in changes else ()
    changed += _set(project, changes)
    if "general_contractor" in changed:
        _contract(project, project.general_contractor)
    if changed:
        record(actor, "change", project, fields=changed)
    if _AT_HQ & set(changed):
        send_site(project.site_id)


def close_site(actor: object, project: Project, day: date | None) -> None:
    """Close a site from a day on, or open it again (None). HQ then keeps its gates shut, or serves them."""
    change_site(actor, project, {"closed": day})


@transaction.atomic
def add_subcontract(actor: object, project: Project, enterprise: Enterprise, starts: date, ends: date | None) -> None:
    """Let an enterprise work on a site for a time. Raises PlaceRefused."""
    _check_days(starts, ends)
    held = Subcontract.objects.filter(project=project, enterprise=enterprise)
    overlapping = held.filter(Q(ends=None) | Q(ends__gte=starts))
    if ends is not None:
        overlapping = overlapping.filter(starts__lte=ends)
    if overlapping.exists():
        text = gettext_noop("%(name)s has a contract here in that time already: end that one, or choose other days.")
        raise PlaceRefused(text, name=enterprise.name)
    contract = Subcontract.objects.create(project=project, enterprise=enterprise, starts=starts, ends=ends)
    record(actor, "add", contract, fields=("enterprise", "starts", "ends"))


@transaction.atomic
def end_subcontract(actor: object, contract: Subcontract, ends: date) -> None:
    """End a contract on a day. Raises PlaceRefused."""
    _check_days(contract.starts, ends)
    if contract.enterprise_id == contract.project.general_contractor_id and contract.project.closed is None:
        text = gettext_noop("%(name)s is the general contractor: choose another one first.")
        raise PlaceRefused(text, name=contract.enterprise.name)
    if changed := _set(contract, {"ends": ends}):
        record(actor, "end", contract, fields=changed)


@transaction.atomic
def appoint(
    actor: object, kind: str, user_id: int, *, place: Place | None = None, enterprise: Enterprise | None = None
) -> Responsibility:
    """Name the officer or liaison of a place or an enterprise from today on. The former one's time ends."""
    today = timezone.localdate()
    held = Responsibility.objects.filter(kind=kind, place=place, enterprise=enterprise, ends=None)
    for former in held.select_for_update():
        if former.user_id == user_id:
            return cast(Responsibility, former)
        end_appointment(actor, former)
    one: Responsibility = Responsibility.objects.create(
        kind=kind, user_id=user_id, place=place, enterprise=enterprise, starts=today
    )
    record(actor, "appoint", one, fields=("kind", "user"), place_path=_path_of(one))
    return one


@transaction.atomic
def end_appointment(actor: object, one: Responsibility) -> None:
    """End the time of an officer or liaison today."""
    if one.ends is None:
        one.ends = timezone.localdate()
        one.save(update_fields=["ends"])
        record(actor, "end", one, fields=("ends",), place_path=_path_of(one))


def _set(row: models.Model, changes: Mapping[str, Any]) -> tuple[str, ...]:
    """Store what differs. Return the names of those fields."""
    changed = tuple(key for key, value in changes.items() if getattr(row, key) != value)
    for key in changed:
        setattr(row, key, changes[key])
    if changed:
        row.save(update_fields=changed)
    return changed


def _contract(project: Project, enterprise: Enterprise) -> None:
    today = timezone.localdate()
    if not Subcontract.objects.filter(project=project, enterprise=enterprise, ends=None).exists():
        starts = min(project.starts or today, today)
        Subcontract.objects.get_or_create(project=project, enterprise=enterprise, starts=starts)


def _locked(place: Place) -> Place:
    """Lock the root, and read the place again. So two changes of the tree never give one path to two places."""
    Place.objects.select_for_update().get(path=place.ancestor_paths[0])
    return cast(Place, Place.objects.get(pk=place.pk))


def _check_below(kind: str, parent: Place) -> None:
    if parent.retired is not None:
        raise PlaceRefused(gettext_noop("%(name)s is retired: choose another place."), name=parent.name)
    if not may_stand_below(kind, parent.kind):
        raise PlaceRefused(
            gettext_noop("This kind of place cannot stand below %(name)s: choose a wider place."), name=parent.name
        )


def _check_days(starts: date, ends: date | None) -> None:
    if ends is not None and ends < starts:
        raise PlaceRefused(
            gettext_noop("The end is before the beginning on %(starts)s: correct one of both."), starts=starts
        )


def _path_of(one: Responsibility) -> str:
    if one.place is not None:
        return str(one.place.path)
    return str(one.enterprise.place.path) if one.enterprise is not None else ""
