"""Take lists that an authority's program sends, each signed with the feed's secret."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from district.audit.record import record
from district.emergency.models import EmergencyMeasure
from district.screening.models import KeyList, ListFeed
from district.screening.registry.lists import (
    AboutKeyList,
    add_rule,
    begin_list,
    check_desk,
    check_running,
    put_in_force,
    store_rows,
)
from district.screening.rules import KeyEntry, ScreeningRefused

ROWS_MAX = 20_000
"""Rows of one message."""
_STRICT = ConfigDict(extra="forbid")


class FeedUnknown(Exception):
    """No feed in force has signed this message. The answer says no more."""


class FeedRow(BaseModel):
    """One person of a message. What is not known is left out."""

    model_config = _STRICT
    name: str = Field(default="", max_length=80)
    number: str = Field(default="", max_length=60)
    kind: str = Field(default="", max_length=2)
    phone: str = Field(default="", max_length=40)
    birth: date | None = None
    area: str = Field(default="", max_length=6)
    note: str = Field(default="", max_length=500)


class FeedRule(BaseModel):
    """An area and days of a message."""

    model_config = _STRICT
    area: str = Field(max_length=6)
    first_day: date
    last_day: date
    at_once: bool = False


class FeedMessage(BaseModel):
    """A whole list. It replaces no earlier one: that one ends on its own last day."""

    model_config = _STRICT
    name: str = Field(min_length=1, max_length=120)
    ends: date
    rows: list[FeedRow] = Field(default_factory=list, max_length=ROWS_MAX)
    rules: list[FeedRule] = Field(default_factory=list, max_length=100)


@transaction.atomic
def make_feed(
    by: object, measure: EmergencyMeasure, *, name: str, source: str, legal_basis: str, reason_code: str, officer: str
) -> tuple[ListFeed, str]:
    """Make a feed. Return it with its secret, which is shown once. Raises ScreeningRefused."""
    check_running(measure)
    code, who = check_desk(reason_code, officer)
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    made = ListFeed.objects.create(
        measure=measure,
        name=name[:120],
        source=source[:200],
        legal_basis=legal_basis[:500],
        reason_code=code,
        officer=who,
        secret=secret,
        by=str(by)[:150],
    )
    record(by, "make feed", made, place_path=measure.place.path)
    return made, secret


@transaction.atomic
def end_feed(by: object, feed: ListFeed) -> None:
    """End a feed: its program sends nothing any more. The lists that it brought stay until their last day."""
    if ListFeed.objects.filter(pk=feed.pk, ended=None).update(ended=timezone.now()):
        record(by, "end feed", feed, place_path=feed.measure.place.path)


def address_key(feed: ListFeed) -> str:
    """Return what the feed's address ends with. It proves nothing of a message: it lets a long one be read."""
    return hmac.new(feed.secret.encode(), b"address", hashlib.sha256).hexdigest()[:32]


def knows_address(number: int, key: str) -> bool:
    """Say whether an address with this key was given to a program whose feed is in force."""
    feed = ListFeed.objects.kept().filter(pk=number, ended=None).first()
    return feed is not None and hmac.compare_digest(address_key(feed).encode(), key.encode("utf-8", "replace"))


def take_message(number: int, headers: Mapping[str, str], body: bytes) -> KeyList:
    """Take a list and put it in force at once. The same message brings it once.

    Raises FeedUnknown, ScreeningRefused.
    """
    feed = ListFeed.objects.kept().filter(pk=number, ended=None).select_related("measure__place").first()
    wanted = {name: headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    try:
        # Without a feed a signature is checked too, so that the time of an answer tells nothing.
        Webhook(feed.secret if feed else f"whsec_{base64.b64encode(bytes(32)).decode()}").verify(body, wanted)
    except (json.JSONDecodeError, RecursionError):  # signed, and read after that
        raise _not_as_written("message") from None
    except (WebhookVerificationError, ValueError) as error:
        raise FeedUnknown from error
    if feed is None:
        raise FeedUnknown
    try:
        message = FeedMessage.model_validate_json(body)
    except ValidationError as error:
        raise _not_as_written(".".join(str(part) for part in error.errors()[0]["loc"]) or "message") from None
    return _taken(feed, wanted["webhook-id"][:80], message)


def _not_as_written(where: str) -> ScreeningRefused:
    return ScreeningRefused(gettext_noop("The message is not as the documentation says: %(where)s."), where=where)


def _taken(feed: ListFeed, message_id: str, message: FeedMessage) -> KeyList:
    by = f"feed {feed.pk}"
    found = _begun(by, feed, f"{feed.pk}:{message_id}", message)
    if found.loaded is not None or found.withdrawn is not None:
        return found
    store_rows(found, ((n, KeyEntry(**row.model_dump())) for n, row in enumerate(message.rows, 1)))
    with transaction.atomic():
        found, _hits = put_in_force(by, found)
        for rule in message.rules:
            add_rule(by, found, rule.area, rule.first_day, rule.last_day, at_once=rule.at_once)
        ListFeed.objects.filter(pk=feed.pk).update(received=timezone.now())
    return found


def _begun(by: str, feed: ListFeed, delivery: str, message: FeedMessage) -> KeyList:
    """Return the list of a message, which an earlier attempt may have begun."""
    about = AboutKeyList(message.name, feed.source, feed.legal_basis, message.ends, feed.reason_code, feed.officer)
    known = KeyList.objects.filter(delivery=delivery).first()
    if known is not None:
        return known  # type: ignore[no-any-return]
    try:
        with transaction.atomic():
            return begin_list(by, feed.measure, about, delivery)
    except IntegrityError:
        again: KeyList = KeyList.objects.get(delivery=delivery)
        return again
