"""What accounts that see no names do not see of an event, on every page. Pure."""

from dataclasses import replace

from contract.messages import AccessEvent, AnyEvent, NoticeCode, NoticeEvent, Reason
from edge.screen.journal.event_line import Line
from edge.screen.translations import Texts
from edge.screen.words.history import HistoryWord

BY_PEOPLE = (NoticeCode.COMMAND_DONE, NoticeCode.REQUEST_REFUSED)
"""Their details name accounts, and hold what people wrote."""


def without_people(event: AnyEvent, line: Line, texts: Texts) -> Line:
    """Return a line without names of accounts and without what people wrote: it may name others."""
    written = bool(getattr(event, "by", "")) or (isinstance(event, NoticeEvent) and event.code in BY_PEOPLE)
    line = replace(line, who="", detail="", technical="") if written else line
    if not isinstance(event, AccessEvent):
        return line
    if event.alerts:  # A risk list may be among them.
        return replace(line, detail=texts.room("history")[HistoryWord.WITH_ALERT])
    # A version before named the guard in the text alone.
    return replace(line, detail="") if event.reason is Reason.MANUAL_ADMIT else line


def is_hold(event: AnyEvent) -> bool:
    """Say whether a risk list held the worker. Accounts without names do not see that event at all."""
    return isinstance(event, AccessEvent) and event.reason is Reason.RISK_HOLD
