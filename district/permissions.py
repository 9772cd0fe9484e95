"""Who may do what: roles, and the permissions of each. Where a role holds is a place in the tree or an enterprise
(`accounts.Grant`).
"""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise


class Permission(StrEnum):
    """One kind of access. Pages, exports, files and API routes each name the one that they need."""

    SEE_SITES = "see_sites"
    CHANGE_SITES = "change_sites"
    SEE_PEOPLE = "see_people"
    SEE_RECORDS = "see_records"
    """What is known of people beyond name, site, team and trade: birth, origin, papers, employers, consents."""
    CHANGE_PEOPLE = "change_people"
    MERGE_PEOPLE = "merge_people"
    """Decide whether two records are one person, and take that back."""
    ERASE_PEOPLE = "erase_people"
    SEE_DOCUMENTS = "see_documents"
    """Id numbers, bank accounts and addresses; every look is recorded with its reason."""
    INVITE = "invite"
    SEE_PRESENCE = "see_presence"
    SEE_ATTENDANCE = "see_attendance"
    CORRECT = "correct"
    APPROVE = "approve"
    SEE_WAGES = "see_wages"
    CHANGE_WAGES = "change_wages"
    SEE_UPLOADS = "see_uploads"
    CHANGE_UPLOADS = "change_uploads"
    EXPORT = "export"
    SEE_ACCOUNTS = "see_accounts"
    CHANGE_ACCOUNTS = "change_accounts"
    SEE_MEASURES = "see_measures"
    START_MEASURES = "start_measures"
    """Start, extend and end emergency measures."""
    SEE_HEALTH = "see_health"
    """Declarations of health and trips, and quarantine."""
    CHANGE_HEALTH = "change_health"
    ORDER_QUARANTINE = "order_quarantine"
    """Order, extend and end quarantine. An employer does none of it: it wants its people back at work."""
    SEE_SCREENING = "see_screening"
    """Key lists and hits. A list's own rows are read by nobody but who decides a hit."""
    SCREEN = "screen"
    """Load key lists, decide hits, lift entries."""
    SEE_TRACING = "see_tracing"
    TRACE = "trace"
    SEE_CASES = "see_cases"
    WORK_CASES = "work_cases"
    """Report, take, hand over and resolve cases."""
    SEE_SUPPLIES = "see_supplies"
    DECLARE_SUPPLIES = "declare_supplies"
    CHECK_SITES = "check_sites"
    """Ask one site to give its surplus to another; draw spot checks, and note what they found."""
    SEE_TRAINING = "see_training"
    TRAIN = "train"
    """Make courses and sessions, and confirm who learned."""
    SEE_SUPPORT = "see_support"
    APPLY_SUPPORT = "apply_support"
    DECIDE_SUPPORT = "decide_support"
    SEE_AUDIT = "see_audit"
    CHANGE_SYSTEM = "change_system"


class Role(StrEnum):
    """What somebody is at a place or in an enterprise."""

    SYSTEM = "system"
    OFFICER = "officer"
    LIAISON = "liaison"
    CLERK = "clerk"
    MANAGER = "manager"
    GUARD = "guard"
    AUDITOR = "auditor"


ROLE_NAMES: dict[Role, StrPromise] = {
    Role.SYSTEM: _("System administrator"),
    Role.OFFICER: _("District officer"),
    Role.LIAISON: _("Grid liaison"),
    Role.CLERK: _("Enterprise clerk"),
    Role.MANAGER: _("Site manager"),
    Role.GUARD: _("Guard"),
    Role.AUDITOR: _("Auditor"),
}

_P = Permission
_SEEING = frozenset({_P.SEE_SITES, _P.SEE_PEOPLE, _P.SEE_RECORDS, _P.SEE_PRESENCE, _P.SEE_ATTENDANCE})
_CASES = frozenset({_P.SEE_CASES, _P.WORK_CASES})
_ANSWERING = _CASES | {_P.SEE_MEASURES, _P.SEE_SUPPLIES, _P.DECLARE_SUPPLIES, _P.SEE_TRAINING, _P.TRAIN}
"""What a site or an enterprise does in an emergency, and for training."""
_REGISTERING = frozenset({_P.CHANGE_PEOPLE, _P.MERGE_PEOPLE, _P.INVITE, _P.CORRECT, _P.SEE_UPLOADS, _P.EXPORT})
_SITE = _SEEING | _REGISTERING | _ANSWERING | {_P.SEE_HEALTH, _P.CHANGE_HEALTH}

_ACCOUNTS = frozenset({_P.SEE_ACCOUNTS, _P.CHANGE_ACCOUNTS})
"""A clerk makes further clerks of the enterprise, a site manager the site's guards."""

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SYSTEM: frozenset(
        {
            _P.SEE_SITES,
            _P.CHANGE_SITES,
            _P.SEE_ACCOUNTS,
            _P.CHANGE_ACCOUNTS,
            _P.CHANGE_SYSTEM,
            _P.SEE_UPLOADS,
            _P.CHANGE_UPLOADS,
        }
    ),
    Role.OFFICER: _SEEING
    | {
        _P.CHANGE_SITES,
        _P.MERGE_PEOPLE,
        _P.ERASE_PEOPLE,
        _P.SEE_DOCUMENTS,
        _P.APPROVE,
        _P.SEE_WAGES,
        _P.SEE_UPLOADS,
        _P.EXPORT,
        _P.SEE_ACCOUNTS,
        _P.CHANGE_ACCOUNTS,
    }
    | _ANSWERING
    | {
        _P.START_MEASURES,
        _P.CHECK_SITES,
        _P.SEE_HEALTH,
        _P.CHANGE_HEALTH,
        _P.ORDER_QUARANTINE,
        _P.SEE_SCREENING,
        _P.SCREEN,
        _P.SEE_TRACING,
        _P.TRACE,
        _P.SEE_SUPPORT,
        _P.DECIDE_SUPPORT,
    },
    Role.LIAISON: _SEEING
    | _CASES
    | {_P.SEE_MEASURES, _P.SEE_HEALTH, _P.SEE_SUPPLIES, _P.CHECK_SITES, _P.SEE_TRAINING, _P.SEE_SUPPORT},
    Role.CLERK: _SITE
    | _ACCOUNTS
    | {_P.ERASE_PEOPLE, _P.SEE_DOCUMENTS, _P.SEE_WAGES, _P.CHANGE_WAGES, _P.SEE_SUPPORT, _P.APPLY_SUPPORT},
    Role.MANAGER: _SITE | _ACCOUNTS | {_P.SEE_DOCUMENTS, _P.APPROVE, _P.CHANGE_UPLOADS},
    Role.GUARD: frozenset({_P.SEE_SITES, _P.SEE_PEOPLE, _P.SEE_PRESENCE}) | _CASES,
    Role.AUDITOR: frozenset(p for p in Permission if p.value.startswith("see_")) | {_P.EXPORT},
}
"""An auditor reads all of it and changes nothing; `tests/district` holds every change against this table."""

MAY_GIVE: dict[Role, frozenset[Role]] = {
    Role.SYSTEM: frozenset(Role),
    Role.OFFICER: frozenset({Role.OFFICER, Role.LIAISON, Role.CLERK, Role.MANAGER, Role.GUARD}),
    Role.CLERK: frozenset({Role.CLERK}),
    Role.MANAGER: frozenset({Role.MANAGER, Role.GUARD}),
}
"""Which roles each may give to others, inside its own part of the tree and its own time. Only the system
administrator makes auditors: who is audited never chooses the auditor.
"""

IN_ENTERPRISES = frozenset({Role.CLERK, Role.AUDITOR})
"""Roles that hold in an enterprise. A clerk's holds nowhere else."""
ON_SITES = frozenset({Role.MANAGER, Role.GUARD})
"""Roles that hold on single sites, never on a whole branch of the tree."""

NEEDS_TOTP = frozenset(Role) - {Role.GUARD}
"""Roles that see others' data beyond names. A guard's screen stands in a hut with a shared keyboard, and shows
names only.
"""
