"""A district with two parts. Each table has a row in both, so that a test can ask for the foreign one everywhere.

The foreign row of every table has the same key, and all its texts hold MARK. So any address with that key means a
foreign thing. A page that shows MARK shows too much. A new model is filled without being named here;
one with constraints of its own gets a line in OVERRIDES.
"""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from district_rig import TOTP_SECRET
from django.apps import apps
from django.db import IntegrityError, models
from django.test import Client

from district.accounts.adapters import CodesAdapter
from district.accounts.models import Grant, User
from district.audit.record import record
from district.emergency import registry as measures
from district.emergency.rules import MeasureKind
from district.fields import EncryptedTextField
from district.people.models import Person
from district.people.scopes import refresh
from district.permissions import Role
from district.places.models import Enterprise, Place

MARK = "zzforeign"
OWN_MARK = "zzown"
OWN, FOREIGN = 1001, 9001
_TODAY, _NOW = date(2026, 6, 1), datetime(2026, 6, 1, 8, tzinfo=UTC)
_SKIPPED = {
    "accounts.SignInBucket",
    "audit.Entry",
    "audit.Head",
    "cases.CalendarDay",
    "figures.CountedDay",
    "people.PersonScope",
    "people.PersonEmployer",
    "places.Place",
}
"""Made another way, or without a place."""
PUBLISHED = {
    "clause": {
        "id": "rent",
        "name": {"en": "Rent", "zh": "租金"},
        "help": "relief",
        "source": {"text": "one month's rent", "where": "test"},
        "amount": [{"fact": "rent", "times": "1"}],
    },
    "facts": [{"id": "rent", "kind": "money", "question": {"en": "Rent?", "zh": "租金？"}}],
}
"""A support measure. All enterprises see the measures of the district, so it holds no mark."""
OVERRIDES: dict[str, dict[str, Any]] = {
    "accounts.Grant": {"role": Role.GUARD},
    "accounts.User": {"is_active": True, "is_superuser": False, "is_staff": False},
    "api.ApiToken": {"enterprise": None},
    "api.WebhookEndpoint": {"enterprise": None},
    "cases.DutyHours": {"weekday": 0},
    "emergency.EmergencyMeasure": {"starts": date.today(), "ends": date.today() + timedelta(days=30), "ended": None},
    "people.DuplicateCandidate": {"second": lambda key: key + 1},
    "people.Merge": {"absorbed": lambda key: key + 1},
    "screening.KeyList": {"refused": ""},
    "screening.ListFile": {"columns": "", "problem": ""},
    "tracing.Investigation": {"problem": ""},
    "tracing.ContactReason": {"kind": "trip", "key": lambda key: f"train G{key} 2026-06-01"},
    "training.CourseMedia": {"mime": "image/jpeg", "size": 1},
    "training.MediaPart": {"number": 0},
    "realname.SiteUpload": {"trouble": ""},
    "realname.Upload": {"lack": ""},
    "realname.PassageUpload": {"direction": "in"},
    "support.SupportMeasure": {"key": lambda key: f"m{key}", "by": "test", "content": PUBLISHED},
}


def two_parts() -> None:
    """Fill the database of the test."""
    _place(1, "0001", "district", "Nanhai")
    for town, key, mark in ((1, OWN, OWN_MARK), (2, FOREIGN, MARK)):
        path = f"0001000{town}"
        _place(key - 3, path, "town", f"{mark} town")
        _place(key - 2, f"{path}0001", "grid", f"{mark} grid")
        _place(key, f"{path}00010001", "site", f"{mark} site")
        for model in _in_order():
            _fill(model, key, mark)
            if model is Person:
                _fill(model, key + 1, f"{mark}-2")
        refresh([key])
        record(f"{mark}-actor", "read", Person.objects.get(pk=key), fields=["number"], why=f"{mark} reason")
    Place.objects.update(numchild=1)
    for kind in MeasureKind:
        _running(kind)


def _running(kind: MeasureKind) -> None:
    """Let a measure of the district hold, so that its pages exist in both parts."""
    measures.start_measure(
        "test",
        kind,
        Place.objects.get(pk=1),
        purpose="Exercise",
        legal_basis="Article 1",
        ends=date.today() + timedelta(days=30),
    )


def role_accounts() -> dict[Role, User]:
    """Make an account of each role, in the own part."""
    town, grid, site = (Place.objects.get(pk=OWN - up) for up in (3, 2, 0))
    anchors: dict[Role, Place | Enterprise] = {
        Role.SYSTEM: town,
        Role.OFFICER: town,
        Role.AUDITOR: town,
        Role.LIAISON: grid,
        Role.MANAGER: site,
        Role.GUARD: site,
        Role.CLERK: Enterprise.objects.get(pk=OWN),
    }
    made = {}
    for role, anchor in anchors.items():
        user = User.objects.create(username=f"walk-{role}", name=str(role))
        where = {"place": anchor} if isinstance(anchor, Place) else {"enterprise": anchor}
        Grant.objects.create(user=user, role=role, given_by="test", **where)
        secret = CodesAdapter().encrypt(TOTP_SECRET)
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": secret})
        made[role] = user
    return made


def client_of(user: User) -> Client:
    """Return a browser in which an account is signed in and has just proved who it is."""
    client = Client(raise_request_exception=False)
    sign_in(client, user)
    return client


def sign_in(client: Client, user: User) -> None:
    """Sign an account in, which has just proved who it is."""
    client.force_login(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def foreign_state() -> dict[str, tuple[Any, ...]]:
    """Return the foreign row of each table, and how many rows point to a foreign one."""
    state: dict[str, tuple[Any, ...]] = {}
    for model in _in_order():
        rows = tuple(model._base_manager.filter(pk=FOREIGN).values_list())
        links = [field.attname for field in _links(model)]
        pointing = sum(model._base_manager.filter(**{name: FOREIGN}).count() for name in links)
        state[model._meta.label] = (rows, pointing)
    return state


def _place(key: int, path: str, kind: str, name: str) -> None:
    Place(pk=key, path=path, depth=len(path) // 4, kind=kind, name=name, code=name[:20]).save_base(raw=True)


def _in_order() -> list[type[models.Model]]:
    """Return the tables, each behind those that it points to."""
    waiting = [
        model
        for model in apps.get_models()
        if model.__module__.startswith("district.") and model._meta.label not in _SKIPPED
    ]
    done: list[type[models.Model]] = []
    while waiting:
        ready = [
            model
            for model in waiting
            if all(
                field.related_model in {*done, model} or field.related_model not in waiting for field in _links(model)
            )
        ]
        assert ready, f"circle of tables: {waiting}"
        done += ready
        waiting = [model for model in waiting if model not in ready]
    return done


def _links(model: type[models.Model]) -> Iterator[Any]:
    return (field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey))


def _fill(model: type[models.Model], key: int, mark: str) -> None:
    label, values = model._meta.label, dict[str, Any]()
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey):
            to_self_or_other_app = field.related_model in {model, None} or not _is_ours(field.related_model)
            values[field.attname] = None if to_self_or_other_app else key
        elif field.primary_key:
            values[field.attname] = f"{mark}" if isinstance(field, models.CharField) else key
        else:
            values[field.attname] = _value(field, key, mark)
    if {"place_id", "enterprise_id"} <= set(values) and model._meta.get_field("place").null:
        values["enterprise_id"] = None  # such rows belong to a place or to an enterprise, never to both
    for name, value in OVERRIDES.get(label, {}).items():
        values[model._meta.get_field(name).attname] = value(key) if callable(value) else value  # type: ignore[union-attr]
    try:
        model._base_manager.bulk_create([model(**values)])
    except IntegrityError as error:
        raise AssertionError(
            f"{label}: {error}: add what its row needs to OVERRIDES in tests/rigs/two_parts.py"
        ) from None


def _is_ours(model: Any) -> bool:
    return isinstance(model, type) and model.__module__.startswith("district.")


def _value(field: Any, key: int, mark: str) -> Any:
    if field.choices:
        return next(value for value, _name in field.flatchoices)
    match field:
        case EncryptedTextField():
            return f"{mark} {field.name}"
        case models.UUIDField():
            return field.get_default()
        case models.CharField() | models.TextField():
            return mark if field.name.endswith("_id") else f"{mark} {field.name}"[: field.max_length or 200]
        case models.DateTimeField():
            return None if field.null else _NOW
        case models.DateField():
            return None if field.null else _TODAY
        case models.TimeField():
            return clock(8)
        case models.JSONField():
            return field.get_default() if field.has_default() else {}
        case models.BooleanField():
            return bool(field.get_default()) if field.has_default() else False
        case models.DecimalField():
            return Decimal(1)
        case models.FloatField():
            return 1.0
        case models.IntegerField():
            return field.get_default() if field.has_default() and not field.unique else key
        case models.BinaryField():
            return b"x"
    raise AssertionError(f"{field}: say in tests/rigs/two_parts.py what a {type(field).__name__} holds")
