"""Words around every page."""

from enum import StrEnum


class FrameWord(StrEnum):
    """Words of the frame."""

    OFFICE = "office"
    GUARD = "guard"
    TECHNICIAN = "technician"
    MUSTER = "muster"
    VISITORS = "visitors"
    ALARMS = "alarms"
    HISTORY = "history"
    LANE = "lane"
    SIGN_OUT = "sign_out"
    SIGN_IN = "sign_in"
    END_KEPT = "end_kept"
    SKIP = "skip"
    LOST = "lost"
    PAGES = "pages"
