"""What stands around every page but the lane: navigation, language, the signed-in account."""

from dataclasses import dataclass

from edge.screen.access.roles import Right, Role
from edge.screen.words.frame import FrameWord


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation. `icon`: an id of web/icons.svg. `right`: who sees the entry."""

    path: str
    word: FrameWord
    icon: str
    right: Right


NAVIGATION: tuple[Place, ...] = (
    Place("/", FrameWord.OFFICE, "home", Right.SEE_OFFICE),
    Place("/guard", FrameWord.GUARD, "shield", Right.ADMIT),
    Place("/visitors", FrameWord.VISITORS, "people", Right.ADMIT),
    Place("/alarms", FrameWord.ALARMS, "bell", Right.ADMIT),
    Place("/muster", FrameWord.MUSTER, "muster", Right.SEE_PEOPLE),
    Place("/history", FrameWord.HISTORY, "history", Right.SEE_OFFICE),
    Place("/technician", FrameWord.TECHNICIAN, "settings", Right.SEE_TECHNICAL),
)

FIRST_PAGE: dict[Role, str] = {
    Role.VIEWER: "/",
    Role.GUARD: "/guard",
    Role.MANAGER: "/",
    Role.TECHNICIAN: "/technician",
}
"""Where an account begins after the sign-in."""
