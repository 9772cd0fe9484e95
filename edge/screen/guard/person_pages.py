"""Find a person, see what stands against them, and ask the gate to let them through."""

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from common.ids import is_id
from contract.messages import AnyEvent, NoticeCode, NoticeEvent
from edge.core.domain.visitors import is_visitor
from edge.screen.access.roles import Right
from edge.screen.context import PageContext, PageRequest
from edge.screen.guard.person import CheckedLists, GuardVerdict, PersonCard, person_card, verdict_of
from edge.screen.journal.event_line import Line, event_line
from edge.screen.people.index import TEXT_MAX, PeopleIndex, SitePerson
from edge.screen.translations import DeskWord

SHOWN_LINES = 5
REFUSED_FOR = timedelta(minutes=1)
"""So long a card shows that the gate did not take the request of its reader."""


class PersonPages:
    """The handlers, with what they share."""

    def __init__(self, context: PageContext, people: PeopleIndex) -> None:
        self._context, self._people = context, people

    def routes(self) -> list[Route]:
        """Return the routes."""
        make = self._context
        return [
            make.page("/guard/find", self.find, Right.ADMIT),
            make.page("/guard/person/{worker_id}", self.person, Right.ADMIT),
            make.part("/guard/person/{worker_id}/newest", self.newest, Right.ADMIT),
        ]

    async def find(self, request: PageRequest) -> Response:
        """Show whom a text finds: as a page, or as the part below the field that asked."""
        await self._people.ready()
        part = request.http.headers.get("hx-request") == "true"
        return self._context.render(
            request, f"people/{'found' if part else 'find'}.html", said=None, **self.found(request)
        )

    async def person(self, request: PageRequest) -> Response:
        """Show one person's card."""
        said = DeskWord.ASKED if request.query("done") == DeskWord.ASKED.value else None
        return await self.card(request, request.http.path_params["worker_id"], said)

    async def newest(self, request: PageRequest) -> Response:
        """Show the changing part of a card: what happened with this person."""
        lines = self._lines(request, request.http.path_params["worker_id"])
        return self._context.render(request, "people/newest.html", people=request.texts.room("people"), lines=lines)

    async def card(
        self, request: PageRequest, worker_id: str, said: DeskWord | None, *, failed: bool = False, reason: str = ""
    ) -> Response:
        """Render one person's card. `reason`: what was typed before. A text that is no id finds people instead."""
        await self._people.ready()
        if is_visitor(worker_id):
            return self._context.to("/visitors")
        if not is_id(worker_id):
            return self._context.render(
                request, "people/find.html", 422 if failed else 404, said=said, **self.found(request, worker_id)
            )
        person = self._people.person(worker_id) or SitePerson(worker_id)
        return self._context.render(
            request,
            "people/person.html",
            422 if failed else 200,
            here=f"/guard/person/{worker_id}",
            people=request.texts.room("people"),
            card=self._card(request, person),
            lines=self._lines(request, person.worker_id),
            said=said,
            failed=failed,
            reason=reason,
        )

    def name(self, worker_id: str) -> str:
        """Return the name of a worker or visitor, or ""."""
        return self._people.name(worker_id)

    def found(self, request: PageRequest, text: str | None = None) -> dict[str, Any]:
        """Return whom a text finds, or that of the query, for a template."""
        text, lists = (request.query("q") if text is None else text).strip(), self._lists()
        answer = self._people.search(text)
        people = [(one, None if is_visitor(one.worker_id) else self._verdict(one, lists)) for one in answer.people]
        words = request.texts.room("people")
        shown = text[:TEXT_MAX]
        return {
            "people": words,
            "text": shown,
            "may_be_id": is_id(shown),
            "people_found": people,
            "total": answer.total,
        }

    def _card(self, request: PageRequest, person: SitePerson) -> PersonCard:
        return person_card(
            person,
            self._lists(),
            request.texts.room("people"),
            request.texts.todo,
            self._context.time(request.texts).local,
            sees_risk=request.may(Right.SEE_RISK),
        )

    def _verdict(self, person: SitePerson, lists: CheckedLists | None) -> GuardVerdict:
        return verdict_of(lists.check(person.worker_id)) if lists else GuardVerdict.UNCHECKED

    def _lists(self) -> CheckedLists | None:
        standings, state, watch = self._people.standings, self._people.state, self._context.watch
        if standings is None or state is None:
            return None
        live = watch.present
        return CheckedLists(standings, state, watch.now(), live is not None and live.clock_trusted)

    def _lines(self, request: PageRequest, worker_id: str) -> list[Line]:
        watch, asker = self._context.watch, request.account.name
        since = watch.now() - REFUSED_FOR
        own = [one for one in watch.totals.recent if _of(one) == worker_id or _not_taken(one, asker, since)]
        return [event_line(event, request.texts) for event in reversed(own[-SHOWN_LINES:])]


def _of(event: AnyEvent) -> str | None:
    return getattr(event, "worker_id", None)


def _not_taken(event: AnyEvent, asker: str, since: datetime) -> bool:
    """Say whether the gate lately refused to look at a guard's admission. Such a notice names no worker."""
    if not isinstance(event, NoticeEvent) or event.code is not NoticeCode.REQUEST_REFUSED:
        return False
    return event.utc >= since and event.detail.startswith(f"admit: by {asker}: ")
