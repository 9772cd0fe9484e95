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
    SKIP = "skip"
    LOST = "lost"
    PAGES = "pages"
