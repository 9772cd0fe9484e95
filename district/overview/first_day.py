"""What each role does on its first day, in order. A step is shown only to who may do it, while it is possible."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from district.emergency.pages import while_measure
from district.emergency.rules import MeasureKind
from district.overview.links import address_of
from district.permissions import Permission, Role


@dataclass(frozen=True)
class FirstStep:
    """One thing to do, why, and the page where it is done."""

    title: StrPromise
    text: StrPromise
    url_name: str = ""
    permission: Permission | None = None
    arguments: tuple[str, ...] = ()
    when: Callable[[Any], bool] | None = None

    @property
    def address(self) -> str:
        """Return the address of the page, or ""."""
        return address_of(self.url_name, *self.arguments) if self.url_name else ""


def steps_of(user: Any, role: Role) -> list[FirstStep]:
    """Return the steps of one of an account's roles."""
    return [one for one in FIRST_DAY[role] if _shown(user, one)]


def _shown(user: Any, one: FirstStep) -> bool:
    allowed = one.permission is None or user.may(one.permission)
    return allowed and (one.when is None or one.when(user))


_P, _K = Permission, MeasureKind
_CODES = FirstStep(
    _("Set up your codes"),
    _("A code of your phone protects the data of others. Keep the spare codes apart from the phone."),
    "mfa_index",
)
_CASES = FirstStep(
    _("Look at your cases"),
    _("Each has a deadline. Take it, or hand it over to whom it concerns: it never just waits."),
    "cases:cases",
    _P.SEE_CASES,
)
_REPORT = FirstStep(
    _("Report a problem when you see one"),
    _("Say where, and add a photo. You confirm before the case closes."),
    "cases:report",
    _P.WORK_CASES,
)
_INVITE = FirstStep(
    _("Invite the others"),
    _("Give each account the smallest part of the district that its work needs, and an end if it has one."),
    "accounts:invite",
    _P.CHANGE_ACCOUNTS,
)
_SUPPLIES = FirstStep(
    _("Declare people and supplies each day"),
    _("Count who is back and what is left. A shortage becomes a request by itself."),
    "supplies:sites",
    _P.DECLARE_SUPPLIES,
    when=while_measure(_P.DECLARE_SUPPLIES, _K.SUPPLIES),
)
_FOLLOW = FirstStep(
    _("Take over people in quarantine"),
    _("Accept who is handed to you, visit each day, and write down what is needed."),
    "quarantine:orders",
    _P.SEE_HEALTH,
    when=while_measure(_P.SEE_HEALTH, _K.QUARANTINE),
)
_DECLARED = FirstStep(
    _("See who has not declared"),
    _("Call them before the shift: without a declaration the gate refuses them."),
    "declarations:sites",
    _P.SEE_HEALTH,
    when=while_measure(_P.SEE_HEALTH, _K.DECLARATIONS),
)
_SHEET = FirstStep(
    _("Register your people"),
    _("Import a sheet: it is checked and shown before anything is stored."),
    "imports:new",
    _P.CHANGE_PEOPLE,
    ("people",),
)
_ENROL = FirstStep(
    _("Print the links for the phones"),
    _("Each worker chooses face, code or card alone. Nobody needs a face to enter."),
    "enrolment:overview",
    _P.INVITE,
)
_INSIDE = FirstStep(
    _("See who is inside"),
    _("The list says how old it is. In a fire count against the muster list."),
    "attendance:presence",
    _P.SEE_PRESENCE,
)

FIRST_DAY: dict[Role, tuple[FirstStep, ...]] = {
    Role.SYSTEM: (
        _CODES,
        FirstStep(
            _("Make the tree of places"),
            _("Add towns, communities and grids, or import them as a sheet."),
            "places:tree",
            _P.CHANGE_SITES,
        ),
        _INVITE,
        FirstStep(
            _("Look at the gates"),
            _("Every gate was heard in the last 15 minutes, and nothing waits for HQ."),
            "exchange:status",
            _P.CHANGE_SYSTEM,
        ),
        FirstStep(
            _("Connect the real-name platform"),
            _("Type each site's key, and look whether the first upload is taken."),
            "realname:sites",
            _P.CHANGE_UPLOADS,
        ),
    ),
    Role.OFFICER: (
        _CODES,
        FirstStep(
            _("Look at the sites with trouble"),
            _("The overview begins with them. Silent gates and many refusals come first."),
            "overview:home",
        ),
        FirstStep(
            _("Appoint who is in charge"),
            _("Each enterprise and site has an officer and a liaison. The list shows where one is missing."),
            "places:vacancies",
            _P.CHANGE_SITES,
        ),
        _INVITE,
        _CASES,
        FirstStep(
            _("Start a measure, if one is needed"),
            _("Each has one purpose, a legal basis and a last day. Its data erase themselves afterwards."),
            "emergency:start",
            _P.START_MEASURES,
        ),
        FirstStep(
            _("Load a key list"),
            _("Whom only a similar name finds waits for your decision, with both records side by side."),
            "screening:lists",
            _P.SCREEN,
            when=while_measure(_P.SCREEN, _K.SCREENING),
        ),
        FirstStep(
            _("Trace the contacts of a case"),
            _("Call them in the order of the list. A contact never learns who the case is."),
            "tracing:investigations",
            _P.TRACE,
            when=while_measure(_P.TRACE, _K.TRACING),
        ),
        _FOLLOW,
        FirstStep(
            _("Print the daily report"),
            _("The figures come from day tables, with the measured beside the declared."),
            "figures:report",
            _P.SEE_ATTENDANCE,
        ),
    ),
    Role.LIAISON: (
        _CODES,
        FirstStep(
            _("Know your sites"),
            _("Open each one: contractor, people in charge and gates stand on its page."),
            "places:sites",
            _P.SEE_SITES,
        ),
        _CASES,
        _REPORT,
        _DECLARED,
        _FOLLOW,
    ),
    Role.MANAGER: (
        _CODES,
        FirstStep(
            _("Check your site's facts"),
            _("Permit, period of work and contractors decide what gates and uploads do."),
            "places:sites",
            _P.SEE_SITES,
        ),
        _SHEET,
        _ENROL,
        FirstStep(
            _("Say which trainings your site asks for"),
            _("From the day that you name, gates refuse who lacks one."),
            "people:requirements",
            _P.SEE_RECORDS,
        ),
        _INVITE,
        _INSIDE,
        _DECLARED,
        _SUPPLIES,
        _CASES,
    ),
    Role.CLERK: (
        _CODES,
        _SHEET,
        _ENROL,
        FirstStep(
            _("Renew papers before they expire"),
            _("The list begins with what ends first."),
            "people:papers",
            _P.SEE_RECORDS,
        ),
        FirstStep(
            _("Look at the month ledger"),
            _("Days are made of passages and never edited: ask for a correction, another account approves it."),
            "attendance:ledger",
            _P.SEE_ATTENDANCE,
        ),
        FirstStep(
            _("See what your enterprise can get"),
            _("A short form shows each support measure, its amount, and what is missing."),
            "support:calculator",
            _P.SEE_SUPPORT,
        ),
        _SUPPLIES,
        _CASES,
        _INVITE,
    ),
    Role.GUARD: (
        FirstStep(
            _("Find who stands at the gate"),
            _("Type a name, its pinyin or a phone. The page shows the site and the team, and no health data."),
            "overview:home",
        ),
        FirstStep(
            _("When the gate refuses somebody"),
            _("The screen says what to do. Take the person aside quietly: others need not know why."),
        ),
        FirstStep(
            _("When there is no face"),
            _("A code, a card or your own look at the document is as good. Never hold a hand over the camera."),
        ),
        _INSIDE,
        _REPORT,
    ),
    Role.AUDITOR: (
        _CODES,
        FirstStep(
            _("Read the audit record"),
            _("It says who changed and who read what, and why. Nobody can edit it."),
            "accounts:records",
            _P.SEE_AUDIT,
        ),
        FirstStep(
            _("See what is kept, why and how long"),
            _("Each sensitive field has a purpose, readers and an end."),
            "people:kept",
            _P.SEE_DOCUMENTS,
        ),
        FirstStep(
            _("Look at the emergency measures"),
            _("Each has a purpose, a legal basis and a last day. Those that are over hold no data."),
            "emergency:measures",
            _P.SEE_MEASURES,
        ),
        FirstStep(
            _("Take a list as a file"),
            _("Every list is also a CSV or XLSX file. Each one that you take is recorded."),
            "people:people",
            _P.EXPORT,
        ),
    ),
}
"""Role -> steps. Docs: `docs/FIRST_DAY.md`, held against this table by a test."""

WORKER: tuple[tuple[StrPromise, StrPromise], ...] = (
    (_("Open your link"), _("It works once, on your own phone. Answer the question about yourself.")),
    (_("Choose face, code or card"), _("All three open the gate. You can change your mind on any day.")),
    (_("Take the photo, if you chose the face"), _("It becomes numbers at the gate. The photo itself is thrown away.")),
    (_("Learn the course, if one is asked"), _("Your phone shows it. The gate knows when you have passed.")),
    (
        _("Declare your health, if it is asked"),
        _("Two minutes before the shift. Last time's answers are kept for you."),
    ),
    (
        _("Go through the gate"),
        _("Look at the camera, or show the code. If it refuses, go to the desk: you lose nothing."),
    ),
    (_("Look at your days"), _("Something is wrong? Say so before the month is confirmed.")),
)
"""The first day of a worker, on the phone."""
