"""Refusals of a day and what became of them, in the reader's language. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contract.messages import Reason
from edge.screen.history.asked import PAGE_LINES, HistoryAsked
from edge.screen.history.events_view import ROOM, Pager
from edge.screen.history.reader import HistoryReader
from edge.screen.journal.event_line import Mood
from edge.screen.journal.refusals import RefusalEnding, RefusalStory, guard_and_reason
from edge.screen.translations import Texts
from edge.screen.words.history import HistoryWord

SETTLED_S = 60.0
"""What the gate itself settles within a minute needs nobody."""


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One refusal. `tries`: in words, "" for one. `todo`: what to do if nothing became of it."""

    utc: datetime
    worker_id: str
    name: str
    why: str
    tries: str
    mood: Mood
    icon: str
    became: str
    todo: str


@dataclass(frozen=True, slots=True)
class RefusalsView:
    """The page. `settled`: stories that are left out. `waiting`: stories without an admission."""

    rows: tuple[StoryRow, ...]
    total: int
    waiting: int
    settled: int
    pager: Pager


def refusals_view(
    found: Sequence[RefusalStory], asked: HistoryAsked, reader: HistoryReader, texts: Texts, *, everything: bool
) -> RefusalsView:
    """Return one page of stories. `everything`: also those that the gate settled at once."""
    seen = [story for story in found if story.first.reason not in reader.hidden]
    workers = reader.workers(asked.who)
    if workers is not None:
        seen = [story for story in seen if story.first.worker_id in workers]
    open_ = [story for story in seen if story.settled_s is None or story.settled_s > SETTLED_S]
    listed = seen if everything else open_
    pages = max(1, -(-len(listed) // PAGE_LINES))
    at = min(asked.page, pages - 1)
    more = {"all": "1"} if everything else {}
    return RefusalsView(
        rows=tuple(_row(story, reader, texts) for story in listed[at * PAGE_LINES : (at + 1) * PAGE_LINES]),
        total=len(listed),
        waiting=sum(story.ending is RefusalEnding.NOT_ADMITTED for story in listed),
        settled=len(seen) - len(open_),
        pager=Pager(
            at + 1,
            pages,
            asked.words(page=at - 1, **more) if at else None,
            asked.words(page=at + 1, **more) if at + 1 < pages else None,
        ),
    )


def _row(story: RefusalStory, reader: HistoryReader, texts: Texts) -> StoryRow:
    words, first = texts.room(ROOM), story.first
    reason = Reason(first.reason) if first.reason in set(Reason) else None
    waiting = story.ending is RefusalEnding.NOT_ADMITTED
    return StoryRow(
        utc=datetime.fromtimestamp(first.utc, UTC),
        worker_id=first.worker_id or "",
        name=reader.name(first.worker_id),
        why=texts.reason[reason] if reason else first.reason,
        tries=words[HistoryWord.TRIES].format(n=story.tries) if story.tries > 1 else "",
        mood=Mood.CARE if waiting else Mood.GOOD,
        icon="stop" if waiting else "check",
        became=_became(story, reader, texts),
        todo=texts.todo[reason] if waiting and reason else "",
    )


def _became(story: RefusalStory, reader: HistoryReader, texts: Texts) -> str:
    words = texts.room(ROOM)
    if story.end is None or story.seconds is None:
        return words[HistoryWord.NOT_ADMITTED]
    values = {"age": texts.age(timedelta(seconds=story.seconds))}
    name, reason = guard_and_reason(story.end.detail)
    name = story.end.by or name
    if story.ending is RefusalEnding.BY_GUARD and reader.people and name:
        what = words[HistoryWord.END_BY_GUARD].format(name=name, reason=reason, **values)
    else:
        what = words[_ENDINGS[story.ending]].format(**values)
    if story.sure:
        return what
    who = reader.name(story.end.worker_id) or story.end.worker_id or ""
    return words[HistoryWord.LIKELY].format(what=f"{who} · {what}" if who else what)


_ENDINGS = {
    RefusalEnding.ADMITTED: HistoryWord.END_ADMITTED,
    RefusalEnding.BY_GUARD: HistoryWord.END_BY_A_GUARD,
    RefusalEnding.BY_HQ: HistoryWord.END_BY_HQ,
}
