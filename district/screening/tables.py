"""The lists of hits, key lists, refused rows and feeds, and how they say their states."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from district.people.listing import present_site_name
from district.screening.models import KeyList, ListFile
from district.screening.rules import HitState
from district.web.tables import EmptyState, ListTable, TableColumn, Tone

HIT_TONES: dict[str, Tone] = {
    HitState.CANDIDATE: "care",
    HitState.IN_FORCE: "bad",
    HitState.DISMISSED: "good",
    HitState.LIFTED: "good",
    HitState.OVER: "",
}


def hit_state(one: Any) -> tuple[str, Tone]:
    """Return the state of a hit, and its colour. Its end may have come since the worker looked."""
    if one.state == HitState.IN_FORCE and one.until <= timezone.now():
        return pgettext("hit", "over"), ""
    return one.get_state_display(), HIT_TONES[one.state]


def list_state(one: Any) -> tuple[str, Tone]:
    """Return the state of a list, and its colour. Read the list with `with_file`."""
    if one.withdrawn is not None:
        return _("withdrawn"), ""
    if one.ends < timezone.localdate():
        return pgettext("key list", "over"), "care"
    if one.loaded is not None:
        return _("in force"), "good"
    if one.confirmed is not None:
        return _("being compared"), "info"
    if one.stored is not None:
        return _("to be confirmed"), "care"
    file: ListFile | None = getattr(one, "file", None)
    if file is None:
        return _("not stored"), "bad"
    return file.get_state_display(), "info" if file.state == ListFile.State.WAITING else "bad"


def with_file(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Read each list with its sheet, but not what the sheet holds: it may be big."""
    found: QuerySet[Any] = rows.select_related("file").defer("file__content")
    return found


def hit_rows(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Add what the list of hits shows of each."""
    read = rows.select_related("person", "list").defer("why", "list__refused")
    found: QuerySet[Any] = read.annotate(site_name=present_site_name())
    return found


def list_rows(rows: "QuerySet[Any]", hits: "QuerySet[Any]") -> "QuerySet[Any]":
    """Add the numbers of hits that an account sees."""

    def count(state: HitState) -> Coalesce:
        counted = hits.filter(list=OuterRef("pk"), state=state).order_by().values("list").annotate(n=Count("pk"))
        return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)

    held, waiting = count(HitState.IN_FORCE), count(HitState.CANDIDATE)
    read = with_file(rows).defer("refused").select_related("measure__place")
    found: QuerySet[Any] = read.annotate(held=held, waiting=waiting)
    return found


def _hit_page(row: Any) -> str:
    return reverse("screening:hit", args=[row.pk])


HITS = ListTable(
    name="hits",
    keys=("-made", "-pk"),
    columns=(
        TableColumn("person", gettext_lazy("Person"), lambda row: str(row.person), link=_hit_page),
        TableColumn("site", gettext_lazy("Site"), "site_name"),
        TableColumn(
            "state",
            gettext_lazy("State"),
            lambda row: hit_state(row)[0],
            kind="badge",
            tone=lambda row: hit_state(row)[1],
        ),
        TableColumn("list", gettext_lazy("Key list"), "list.name"),
        TableColumn("basis", gettext_lazy("Found by"), lambda row: row.get_basis_display()),
        TableColumn("score", gettext_lazy("Likeness"), lambda row: f"{row.score:.0%}"),
        TableColumn("made", gettext_lazy("Found"), kind="time", sort=("made", "pk")),
        TableColumn("until", gettext_lazy("Until"), kind="time", sort=("until", "pk")),
        TableColumn("decided_by", pgettext_lazy("hit", "Decided by")),
        TableColumn("worker_id", gettext_lazy("Worker id"), "person.worker_id", kind="code", shown=False),
    ),
    empty=EmptyState(
        gettext_lazy("Nobody is on a key list"),
        gettext_lazy("Who works here is compared with each list and each declaration by itself."),
        icon="shield",
    ),
)
LISTS = ListTable(
    name="key_lists",
    keys=("-made", "-pk"),
    columns=(
        TableColumn(
            "name",
            gettext_lazy("Key list"),
            link=lambda row: reverse("screening:list", args=[row.pk]),
            note="source",
        ),
        TableColumn(
            "state",
            gettext_lazy("State"),
            lambda row: list_state(row)[0],
            kind="badge",
            tone=lambda row: list_state(row)[1],
        ),
        TableColumn("row_count", gettext_lazy("Rows"), kind="number"),
        TableColumn("held", gettext_lazy("Held at gates"), kind="number"),
        TableColumn("waiting", gettext_lazy("To decide"), kind="number"),
        TableColumn("place", gettext_lazy("Place"), "measure.place.name"),
        TableColumn("ends", pgettext_lazy("key list", "Last day"), kind="time", sort=("ends", "pk")),
        TableColumn("by", gettext_lazy("Loaded by")),
        TableColumn("loaded", gettext_lazy("In force since"), kind="time"),
        TableColumn("legal_basis", gettext_lazy("Legal basis"), kind="long", shown=False),
    ),
    empty=EmptyState(
        gettext_lazy("No key list"),
        gettext_lazy("Load the list that an authority sends. Nobody is stopped before you confirm it."),
        icon="document",
    ),
)


@dataclass(frozen=True)
class RefusedRow:
    """A row that could not be read."""

    row: int
    text: str
    values: dict[str, str] = field(default_factory=dict)

    def said(self) -> str:
        """Return why, in the reader's language."""
        return refusal_text(self.text, self.values)


def refusal_text(text: str, values: Mapping[str, str]) -> str:
    """Return a kept refusal in the reader's language."""
    return _(text) % values if values else _(text)


def refused_rows(key_list: KeyList) -> Iterator[RefusedRow]:
    """Return the rows of a list that could not be read."""
    for number, text, values in json.loads(key_list.refused or "[]"):
        yield RefusedRow(number, text, values)


PROBLEMS = (
    TableColumn("row", gettext_lazy("Row")),
    TableColumn("text", gettext_lazy("Problem"), lambda row: row.said()),
)
