"""Lists of accounts and of the audit record."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from district.accounts.audit_words import ACTIONS, DETAILS, FIELDS, SUBJECTS
from district.accounts.models import Grant, User
from district.audit.models import Entry
from district.permissions import ROLE_NAMES, Role
from district.web.days import DayFilter
from district.web.tables import EmptyState, ListTable, TableColumn

_PAGES = {"people.person": "people:person", "accounts.user": "accounts:account", "places.project": "places:project"}
"""Pages of the subjects that have one."""


def _roles(user: Any) -> str:
    here: Iterable[Grant] = user.roles_here
    return ", ".join(f"{ROLE_NAMES[Role(grant.role)]} · {grant.place or grant.enterprise}" for grant in here)


def _state(user: User) -> str:
    if not user.is_active:
        return _("blocked")
    return _("in use") if user.has_usable_password() else _("invited")


def _subject(entry: Entry) -> str:
    name = SUBJECTS.get(entry.subject_kind, entry.subject_kind.rpartition(".")[2])
    return f"{name} {entry.subject_id}".strip()


def _subject_page(entry: Entry) -> str:
    page = _PAGES.get(entry.subject_kind)
    try:
        return reverse(page, args=[int(entry.subject_id)]) if page and entry.subject_id else ""
    except (NoReverseMatch, ValueError):
        return ""


def _details(entry: Entry) -> str:
    written = {key: value for key, value in entry.details.items() if key not in {"fields", "why"}}
    parts = [", ".join(str(FIELDS.get(name, name)) for name in entry.details.get("fields", []))]
    parts += [f"{DETAILS.get(key, key)}: {_word(key, value)}" for key, value in sorted(written.items()) if value]
    return " · ".join(part for part in parts if part)


def _word(key: str, value: str) -> str:
    if key == "role" and value in {role.value for role in Role}:
        return str(ROLE_NAMES[Role(value)])
    return {"true": _("yes"), "false": _("no")}.get(value, value)


ACCOUNTS = ListTable(
    name="accounts",
    keys=("name", "pk"),
    columns=(
        TableColumn(
            "name",
            gettext_lazy("Name"),
            link=lambda user: reverse("accounts:account", args=[user.pk]),
            note="username",
            sort=("name", "pk"),
        ),
        TableColumn("roles", gettext_lazy("Roles"), value=_roles, kind="long"),
        TableColumn(
            "state",
            pgettext_lazy("account", "State"),
            value=_state,
            kind="badge",
            tone=lambda user: "bad" if not user.is_active else "good" if user.has_usable_password() else "care",
        ),
        TableColumn("codes", pgettext_lazy("account", "Codes"), value="has_codes"),
        TableColumn("last_login", gettext_lazy("Last sign-in"), kind="time"),
        TableColumn("phone", gettext_lazy("Phone"), shown=False),
    ),
    empty=EmptyState(
        gettext_lazy("No accounts here yet"),
        gettext_lazy("Invite the people who work with you. Each gets a link and chooses a password."),
        "accounts:invite",
        gettext_lazy("Invite somebody"),
        "people",
    ),
)

ENTRIES = ListTable(
    name="audit",
    keys=("-pk",),
    columns=(
        TableColumn("utc", pgettext_lazy("account", "When"), kind="time"),
        TableColumn("actor", pgettext_lazy("account", "Who")),
        TableColumn(
            "action", pgettext_lazy("account", "Did"), value=lambda entry: str(ACTIONS.get(entry.action, entry.action))
        ),
        TableColumn("subject", pgettext_lazy("account", "What"), value=_subject, link=_subject_page),
        TableColumn("details", pgettext_lazy("account", "Details"), value=_details, kind="long"),
        TableColumn(
            "why", pgettext_lazy("account", "Reason"), value=lambda entry: entry.details.get("why", ""), kind="long"
        ),
        TableColumn(
            "chain", pgettext_lazy("account", "Entry"), value=lambda entry: f"{entry.chain}/{entry.seq}", shown=False
        ),
    ),
    empty=EmptyState(gettext_lazy("Nothing is recorded here yet"), icon="shield"),
)


class AccountFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Accounts by a part of the name, and by role."""

    q = django_filters.CharFilter(
        label=gettext_lazy("Name"), method="named", widget=forms.TextInput(attrs={"type": "search"}), max_length=80
    )
    role = django_filters.ChoiceFilter(
        label=pgettext_lazy("account", "Role"),
        method="holding",
        choices=[(role.value, name) for role, name in ROLE_NAMES.items()],
    )

    class Meta:
        model = User
        fields: tuple[str, ...] = ()

    def named(self, rows: "QuerySet[User]", _name: str, text: str) -> "QuerySet[User]":
        """Keep the accounts with a text in name or user name."""
        text = text.replace("\0", "")
        return rows.filter(Q(name__icontains=text) | Q(username__icontains=text))

    def holding(self, rows: "QuerySet[User]", _name: str, role: str) -> "QuerySet[User]":
        """Keep the accounts that hold a role now."""
        holding = Grant.objects.filter(Grant.in_force(timezone.now()), role=role)
        return rows.filter(pk__in=holding.values("user"))


class EntryFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Entries by who, what and when."""

    actor = django_filters.CharFilter(label=pgettext_lazy("account", "Who"), lookup_expr="istartswith", max_length=80)
    action = django_filters.ChoiceFilter(label=pgettext_lazy("account", "Did"), choices=list(ACTIONS.items()))
    first = DayFilter(label=pgettext_lazy("account", "From"), method="since")
    last = DayFilter(label=pgettext_lazy("account", "To"), method="until")

    class Meta:
        model = Entry
        fields: tuple[str, ...] = ()

    def since(self, rows: "QuerySet[Entry]", _name: str, day: date) -> "QuerySet[Entry]":
        """Keep what happened on a day or later."""
        return rows.filter(utc__gte=_midnight(day))

    def until(self, rows: "QuerySet[Entry]", _name: str, day: date) -> "QuerySet[Entry]":
        """Keep what happened on a day or earlier."""
        return rows.filter(utc__lt=_midnight(day + timedelta(days=1))) if day < date.max else rows


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
