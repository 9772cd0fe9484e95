"""Roles of accounts and what each role may do. Pure."""

from enum import StrEnum


class Right(StrEnum):
    """What a page or a form asks for."""

    SEE_OFFICE = "see_office"
    """The state of the site: counts, lists and their age, events without names."""
    SEE_PEOPLE = "see_people"
    """Names, employers, teams and phone numbers."""
    ADMIT = "admit"
    """Letting somebody in, visitors, lock-down, alarms."""
    SEE_RISK = "see_risk"
    """Risk holds with list, reason and officer."""
    SEE_TECHNICAL = "see_technical"
    """Chain, templates, threshold, queue and temperatures."""


class Role(StrEnum):
    """The role of an account."""

    VIEWER = "viewer"
    GUARD = "guard"
    MANAGER = "manager"
    TECHNICIAN = "technician"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.SEE_OFFICE}),
    Role.GUARD: frozenset({Right.SEE_OFFICE, Right.SEE_PEOPLE, Right.ADMIT}),
    Role.MANAGER: frozenset(Right),
    Role.TECHNICIAN: frozenset({Right.SEE_TECHNICAL}),
}


def role_named(text: str | None) -> Role:
    """Return the role of a stored word. An unknown word, written by newer software, may only look."""
    return Role(text) if text in set(Role) else Role.VIEWER
