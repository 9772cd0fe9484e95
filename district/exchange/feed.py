"""Read HQ's feed: each page once, its entries and the cursor in one transaction.

An entry that a handler cannot store is set aside (`failed.py`), and the feed goes on. A database that is locked, full
or away is no fault of an entry: the page is read again.
"""

from collections.abc import Sequence

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from district.exchange import failed
from district.exchange.door import hq_door
from district.exchange.models import FeedPosition
from district.exchange.rounds import FeedHandler, registered_handlers
from district.wire import FeedPage

log = structlog.get_logger()

PAGE = 1_000
STEP = 10
"""A page that fails is read again in pieces of a tenth, down to the entry that fails."""


class Overtaken(Exception):
    """Another worker stored this page."""


class FeedReader:
    """Reads page by page. A page that fails is read again in smaller ones."""

    def __init__(self) -> None:
        self._limit = PAGE

    def read(self) -> bool:
        """Read and store one page. Return whether there may be more. Raises HqAway, and errors of the database."""
        position, _ = FeedPosition.objects.get_or_create(pk=1)
        limit = min(self._limit, PAGE)
        page = hq_door().read_feed(position.cursor, limit)
        if not page.entries and page.cursor == position.cursor:
            _note_answer(position, page)
            return False
        try:
            store_page(position, page, registered_handlers())
        except Overtaken:
            return True
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            if not (page.entries and failed.is_of_an_entry(error)):
                FeedPosition.objects.filter(pk=1).update(error=f"{type(error).__name__}: {error}"[:500])
                raise
            if len(page.entries) > 1:
                self._limit = max(1, min(limit, len(page.entries)) // STEP)
                return True
            _store_without(position, page, error)
        self._limit = min(PAGE, limit * STEP)
        return page.more


_reader = FeedReader()


def read_feed() -> bool:
    """Read and store one page. Return whether there may be more. Raises HqAway, and errors of the database."""
    return _reader.read()


@transaction.atomic
def store_page(position: FeedPosition, page: FeedPage, handlers: Sequence[FeedHandler]) -> None:
    """Store a page that follows a position: what the handlers make of it, and the cursor."""
    _advance(position, page)
    entries = failed.not_held(page.entries)
    if len(entries) == 1:
        failed.take_alone(entries[0], handlers)
    else:
        for handle in handlers:
            handle(entries)


@transaction.atomic
def _store_without(position: FeedPosition, page: FeedPage, error: Exception) -> None:
    """Set a page's only entry aside: the database refused it at the end of the transaction."""
    _advance(position, page)
    failed.set_aside(page.entries[0], error)


def _advance(position: FeedPosition, page: FeedPage) -> None:
    stored = FeedPosition.objects.filter(pk=position.pk, number=position.number).update(
        number=position.number + 1, cursor=page.cursor, read=timezone.now(), behind=len(page.behind), error=""
    )
    if not stored:
        raise Overtaken


def _note_answer(position: FeedPosition, page: FeedPage) -> None:
    """Note that HQ answered and had nothing new, a few times a minute."""
    now, behind = timezone.now(), len(page.behind)
    fresh = position.read is not None and abs((now - position.read).total_seconds()) < 10
    if not fresh or position.behind != behind or position.error:
        FeedPosition.objects.filter(pk=position.pk).update(read=now, behind=behind, error="")
