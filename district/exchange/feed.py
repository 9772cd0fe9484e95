"""Read HQ's feed: each page once, its entries and the cursor in one transaction."""

from collections.abc import Sequence

import structlog
from django.db import OperationalError, transaction
from django.utils import timezone

from district.exchange.door import hq_door
from district.exchange.models import FeedPosition
from district.exchange.rounds import FeedHandler, registered_handlers
from district.wire import FeedPage

log = structlog.get_logger()

PAGE = 1_000


class Overtaken(Exception):
    """Another worker stored this page."""


def read_feed() -> bool:
    """Read and store one page. Return whether HQ has more. Raises HqAway, and what a handler raises."""
    position, _ = FeedPosition.objects.get_or_create(pk=1)
    page = hq_door().read_feed(position.cursor, PAGE)
    if not page.entries and page.cursor == position.cursor:
        _note_answer(position, page)
        return False
    try:
        store_page(position, page, registered_handlers())
    except Overtaken:
        return True
    except OperationalError:
        raise
    except Exception as error:
        FeedPosition.objects.filter(pk=1).update(error=f"{type(error).__name__}: {error}"[:500])
        raise
    return page.more


@transaction.atomic
def store_page(position: FeedPosition, page: FeedPage, handlers: Sequence[FeedHandler]) -> None:
    """Store a page that follows a position: what the handlers make of it, and the cursor."""
    stored = FeedPosition.objects.filter(pk=position.pk, number=position.number).update(
        number=position.number + 1, cursor=page.cursor, read=timezone.now(), behind=len(page.behind), error=""
    )
    if not stored:
        raise Overtaken
    for handle in handlers:
        handle(page.entries)


def _note_answer(position: FeedPosition, page: FeedPage) -> None:
    """Note that HQ answered and had nothing new, a few times a minute."""
    now, behind = timezone.now(), len(page.behind)
    fresh = position.read is not None and (now - position.read).total_seconds() < 10
    if not fresh or position.behind != behind or position.error:
        FeedPosition.objects.filter(pk=position.pk).update(read=now, behind=behind, error="")
