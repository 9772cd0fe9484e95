"""Read and show times of this machine's time zone."""

import re
from datetime import UTC, date, datetime, time, timedelta

import typer

_AGO = re.compile(r"(\d{1,4})\s*(m|min|h|d)", re.ASCII)
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
WRITTEN = "today, yesterday, 08:00, 3h, 7d, 2026-11-28 or 2026-11-28T08:00"
"""How a time may be written."""


def typed_time(text: str | None, option: str, now: datetime) -> datetime | None:
    """Return a typed time, of this machine's zone where it names none. Raises BadParameter.

    A day alone is its beginning.
    """
    if text is None:
        return None
    words, local = text.strip().lower(), now.astimezone()
    if found := _AGO.fullmatch(words):
        return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
    days = {"today": 0, "yesterday": 1}
    try:
        if words in days:
            return _at(local.date() - timedelta(days=days[words]), time())
        if re.fullmatch(r"\d{1,2}:\d\d(:\d\d)?", words, re.ASCII):
            return _at(local.date(), time.fromisoformat(words.zfill(len(words) + (words[1] == ":"))))
        given = datetime.fromisoformat(text.strip())
        return (given if given.tzinfo else given.astimezone()).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise typer.BadParameter(f"{text!r} is no time: write {WRITTEN}", param_hint=option) from error


def local_text(value: datetime | None) -> str:
    """Return a time of this machine's zone with its offset; "" if there is none."""
    return f"{value.astimezone():%Y-%m-%d %H:%M:%S%z}" if value else ""


def short_text(value: datetime, now: datetime) -> str:
    """Return the time of day, with the date where that is not today."""
    local = value.astimezone()
    return f"{local:%H:%M}" if local.date() == now.astimezone().date() else f"{local:%Y-%m-%d %H:%M}"


def zone_text(now: datetime) -> str:
    """Name this machine's time zone and its offset."""
    local = now.astimezone()
    return f"{local.tzname() or 'local time'} (UTC{local:%z})"


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock).astimezone().astimezone(UTC)
