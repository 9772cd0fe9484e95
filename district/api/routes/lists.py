"""What all lists share: pages by key, and the token's own view of the rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Schema
from ninja.errors import HttpError

from common.terminal.text import visible
from common.unknown_keys import unknown_key
from district.api.models import ApiToken
from district.api.schemas import Problem
from district.permissions import Permission
from district.places.models import Project
from district.web.paging import KeysetPage, keyset_page

SPAN_MAX = timedelta(days=31)
CURSOR_MAX = 600
NAME_MAX = 60
WorkerId = Annotated[str, Field(max_length=40)]
REFUSALS = dict.fromkeys((400, 401, 403, 404, 422, 429), Problem)


class NoQuery(Schema):
    """A call that takes nothing in its address."""


class Paging(Schema):
    """Which part of a list."""

    after: str = Field("", max_length=CURSOR_MAX, description="The `cursor` of the page before; empty: the first page.")
    limit: int = Field(100, ge=1, le=500, description="Rows of a page.")


class Span(Paging):
    """A time, and a site: a list of events has both."""

    site_id: str = Field(max_length=63)
    since: datetime = Field(description="From this time on.")
    until: datetime = Field(description="Before this time, at most 31 days after `since`.")

    def checked(self) -> tuple[datetime, datetime]:
        """Return the times with a time zone. Raises HttpError."""
        if self.since.tzinfo is None or self.until.tzinfo is None:
            raise HttpError(400, "since and until need a time zone, such as 2026-11-20T08:00:00+08:00")
        try:
            span = self.until - self.since
        except OverflowError:
            span = timedelta.max
        if not timedelta() < span <= SPAN_MAX:
            raise HttpError(400, "until must be later than since, by at most 31 days")
        return self.since, self.until


def token_of(request: HttpRequest) -> ApiToken:
    """Return the token of a call."""
    return cast(ApiToken, request.auth)  # type: ignore[attr-defined]


def need(request: HttpRequest, permission: Permission, query: Schema) -> ApiToken:
    """Return the token, if it has a permission anywhere. Raises HttpError.

    A misspelt parameter is refused too: without its filter the list would hold more than was asked for.
    """
    known = type(query).model_fields
    for unknown in set(request.GET) - set(known):
        raise HttpError(422, unknown_key(visible(unknown[:NAME_MAX]), unknown, known))
    token = token_of(request)
    if token.scope(permission).empty:
        raise HttpError(403, f"this token may not {permission.value.replace('_', ' ')}: make one that may")
    return token


def site_of(token: ApiToken, site_id: str, permission: Permission) -> Project:
    """Return a site that a token sees. Raises HttpError."""
    if "\0" in site_id:
        raise HttpError(404, "no such site, or not yours")
    found: Project | None = Project.objects.visible_to(token, permission).filter(site_id=site_id).first()
    if found is None:
        raise HttpError(404, "no such site, or not yours")
    return found


def page_of(rows: "QuerySet[Any]", keys: Sequence[str], paging: Paging) -> KeysetPage:
    """Return a page. Raises HttpError for a cursor that is not one of ours."""
    page = keyset_page(rows, keys, after=paging.after, size=paging.limit)
    if page.broken:
        raise HttpError(400, "after is no cursor of this list: leave it out, and begin with the first page")
    return page
