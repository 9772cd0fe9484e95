"""Leave the templates of inactive workers out of rosters, though their consent is valid. Pure."""

from datetime import date, datetime, timedelta

LEFT_OUT_AFTER = timedelta(days=30)
"""So long a gate still recognises who was suspended or whose time has ended, and says "not active"."""


def templates_left_out(active: bool, valid_until: date | None, written_utc: datetime, at: datetime) -> bool:
    """Tell whether rosters hold this worker without templates. HQ keeps them: on return nobody needs to enrol again.

    `written_utc`: when the worker was last imported or changed.
    """
    ended = valid_until is not None and at.date() - valid_until > LEFT_OUT_AFTER
    return ended or (not active and at - written_utc > LEFT_OUT_AFTER)
