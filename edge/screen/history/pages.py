"""The pages about the past. The journal is asked in a thread, so that the lane's page never waits for them."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, ParamSpec, TypeVar

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from edge.core.ports import DeskError
from edge.screen.access.roles import Right
from edge.screen.context import PageContext, PageRequest
from edge.screen.history.asked import FIRST_DAY, PAGE_LINES, HistoryAsked, asked, bounds, day_of
from edge.screen.history.attendance_view import Period, attendance_view, cells, columns, period, row
from edge.screen.history.events_view import events_view
from edge.screen.history.reader import HistoryReader
from edge.screen.history.refusals_view import refusals_view
from edge.screen.history.sheets import CSV_TYPE, XLSX_ROWS_MAX, XLSX_TYPE, Cell, csv_pieces, xlsx
from edge.screen.history.trends_view import trends_view
from edge.screen.journal.attendance import DAY_BEGINS, LONGEST_S, AttendanceDay, attendance
from edge.screen.journal.refusals import RefusalStory, stories
from edge.screen.people.index import PeopleIndex
from edge.screen.ports import GuardDesk, History, NameDirectory
from edge.screen.site_time import SiteTime
from edge.screen.words.history import HistoryWord

P = ParamSpec("P")
T = TypeVar("T")

Names = Callable[[], NameDirectory]
EXPORTED = "attendance exported"
"""Word of the audit trail."""


class HistoryPages:
    """The handlers, with what they share. `history`: the past. `directory`, `people`: names. `desk` records
    exports."""

    def __init__(
        self, context: PageContext, history: History, directory: Names, people: PeopleIndex, desk: GuardDesk
    ) -> None:
        self._context, self._history, self._desk = context, history, desk
        self._directory, self._people = directory, people
        # One thread of its own: a question about a month must not hold up sign-ins, which wait for threads, too.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")

    def routes(self) -> list[Route]:
        """Return the routes of the history."""
        make = self._context
        return [
            make.page("/history", self.events, Right.SEE_OFFICE),
            make.page("/history/refusals", self.refusals, Right.SEE_OFFICE),
            make.page("/history/trends", self.trends, Right.SEE_OFFICE),
            make.page("/history/attendance", self.attendance, Right.SEE_PEOPLE),
            make.page("/history/attendance.csv", self.csv, Right.SEE_PEOPLE),
            make.page("/history/attendance.xlsx", self.xlsx, Right.SEE_PEOPLE),
        ]

    async def events(self, request: PageRequest) -> Response:
        """Show the events of a day."""
        reader = self._reader(request)
        said = asked(request.http.query_params, self._today(), reader.hidden)
        query = said.query(self._context.zone(), reader.workers(said.who), reader.hidden)
        found = await self._in_thread(self._history.page, query, said.page, PAGE_LINES, said.through)
        view = events_view(found, said, reader, request.texts)
        return await self._page(request, "history/events.html", said, view=view)

    async def refusals(self, request: PageRequest) -> Response:
        """Show the refusals of a day, and what became of them."""
        reader = self._reader(request)
        said = asked(request.http.query_params, self._today(), reader.hidden)
        everything = request.query("all") == "1"
        found = await self._in_thread(self._stories, said.day)
        view = refusals_view(found, said, reader, request.texts, everything=everything)
        return await self._page(request, "history/refusals.html", said, view=view, everything=everything)

    async def trends(self, request: PageRequest) -> Response:
        """Show the trends of a day."""
        said = asked(request.http.query_params, self._today())
        view = trends_view(self._context.watch.totals.trends, said.day, self._reader(request), request.texts)
        return await self._page(request, "history/trends.html", said, view=view)

    async def attendance(self, request: PageRequest) -> Response:
        """Show who was at this gate, day by day."""
        asked_for, reader = self._period(request), self._reader(request)
        lines = await self._in_thread(self._attendance, asked_for)
        page = asked(request.http.query_params, self._today()).page
        view = attendance_view(lines, asked_for, page, reader, request.texts, self._today(DAY_BEGINS))
        said = HistoryAsked(asked_for.last)
        return await self._page(
            request, "history/attendance.html", said, view=view, period=asked_for, failed=request.query("failed")
        )

    async def csv(self, request: PageRequest) -> Response:
        """Send the attendance as a CSV file."""
        asked_for, reader = self._period(request), self._reader(request)
        lines = await self._in_thread(self._attendance, asked_for)
        if not self._recorded(request, asked_for, "csv"):
            return self._failed(asked_for, "disk")
        pieces = csv_pieces(columns(request.texts), self._cells(lines, reader, request))
        return StreamingResponse(pieces, media_type=CSV_TYPE, headers=_as_file(asked_for, "csv"))

    async def xlsx(self, request: PageRequest) -> Response:
        """Send the attendance as an XLSX file."""
        asked_for, reader = self._period(request), self._reader(request)
        lines = await self._in_thread(self._attendance, asked_for)
        if len(lines) > XLSX_ROWS_MAX:
            return self._failed(asked_for, "lines")
        if not self._recorded(request, asked_for, "xlsx"):
            return self._failed(asked_for, "disk")
        title = request.texts.room("history")[HistoryWord.ATTENDANCE]
        rows = self._cells(lines, reader, request)
        content = await self._in_thread(xlsx, columns(request.texts), rows, title)
        return Response(content, media_type=XLSX_TYPE, headers=_as_file(asked_for, "xlsx"))

    async def _in_thread(self, ask: Callable[P, T], *values: P.args, **more: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(ask, *values, **more))

    # --- what the journal says ------------------------------------------------------------------------------------

    def _stories(self, day: date) -> list[RefusalStory]:
        since, until = bounds(day, self._context.zone())
        rows = self._history.decisions(since, until + timedelta(hours=12))  # Some are admitted after midnight.
        return stories(rows, until.timestamp())

    def _attendance(self, asked_for: Period) -> list[AttendanceDay]:
        zone = self._context.zone()
        since = bounds(asked_for.first, zone, DAY_BEGINS)[0]
        until = bounds(asked_for.last, zone, DAY_BEGINS)[1] + timedelta(seconds=LONGEST_S)  # Exits of the last night.
        lines = attendance(self._history.passages(since, until), self._local())
        return [line for line in lines if asked_for.first <= line.day <= asked_for.last]

    # --- answers --------------------------------------------------------------------------------------------------

    def _reader(self, request: PageRequest) -> HistoryReader:
        risk, guards = request.may(Right.SEE_RISK), request.may(Right.ADMIT)
        if not request.may(Right.SEE_PEOPLE):
            return HistoryReader(False, risk, guards)
        return HistoryReader(True, risk, guards, self._directory().entries, self._find)

    def _find(self, text: str) -> frozenset[str]:
        """Return the worker with this number, else all whom the search finds."""
        return frozenset({text}) if self._people.person(text) else self._people.ids(text)

    def _local(self) -> Callable[[datetime], datetime]:
        """Return what turns a time into the site's, also in a thread and before any page was made."""
        return SiteTime(self._context.zone(), {}).local

    def _today(self, begins: timedelta = timedelta()) -> date:
        return (self._local()(self._context.watch.now()) - begins).date()

    def _period(self, request: PageRequest) -> Period:
        today = self._today()
        last = day_of(request.query("to"), today)
        return period(day_of(request.query("from"), last), last)

    async def _page(self, request: PageRequest, template: str, said: HistoryAsked, **values: Any) -> Response:
        """Make a page of this room. `said.day`: the day that it is about."""
        oldest = await self._in_thread(self._history.oldest)
        day = said.day
        values |= {
            "said": said,
            "before": (day - timedelta(days=1)).isoformat() if day > FIRST_DAY else "",
            "after": (day + timedelta(days=1)).isoformat() if day < self._today() else "",
            "may_see_people": request.may(Right.SEE_PEOPLE),
            "trouble": bool(self._history.trouble),
            "oldest": oldest,
        }
        return self._context.render(request, template, **values)

    def _cells(
        self, lines: Sequence[AttendanceDay], reader: HistoryReader, request: PageRequest
    ) -> Iterator[list[Cell]]:
        local = self._local()
        today = self._today(DAY_BEGINS)
        return (cells(row(line, reader, request.texts, today), local) for line in lines)

    def _recorded(self, request: PageRequest, asked_for: Period, kind: str) -> bool:
        """Record who took the names and times of whom. Return False if the disk refuses."""
        try:
            self._desk.audit(request.account.name, EXPORTED, f"{asked_for.first} to {asked_for.last}, {kind}")
        except DeskError:
            return False
        return True

    def _failed(self, asked_for: Period, why: str) -> Response:
        return self._context.to("/history/attendance", **asked_for.words(failed=why))


def _as_file(asked_for: Period, kind: str) -> dict[str, str]:
    name = f"attendance-{asked_for.first}-{asked_for.last}.{kind}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
