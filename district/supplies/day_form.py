"""The form of a day: people of each employer, isolation places, stocks. It remembers the last numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from district.places.models import Enterprise, Project
from district.supplies.models import EmployerCount, SiteReport
from district.supplies.names import ITEM_NAMES
from district.supplies.registry import SiteFigures
from district.supplies.rules.counts import PEOPLE_MAX, IsolationPlaces, PeopleCounts, check_counts, jumps
from district.supplies.rules.items import AMOUNT_MAX, StockFigures, SupplyItem
from district.supplies.rules.refusals import SuppliesRefused
from district.web.refusals import refused

PEOPLE: dict[str, StrPromise] = {
    "expected": _("People expected"),
    "back": _("People back"),
    "from_listed": _("From listed areas"),
    "abnormal": _("Not well"),
}


@dataclass(frozen=True)
class FormRow:
    """One line of the form: whose or what, and its fields with their headings."""

    title: str
    cells: tuple[tuple[str, BoundField], ...]
    note: str = ""


class DayForm(forms.Form):
    """What a site, or one of its employers, declares for a day."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    sure = forms.BooleanField(label=_("The numbers are right"), required=False)

    def __init__(
        self,
        project: Project,
        employers: Sequence[Enterprise],
        day: date,
        *args: Any,
        whole: bool,
        **options: Any,
    ) -> None:
        """`whole`: the site's own figures too, and not only those of an employer."""
        super().__init__(*args, **options)
        self.project, self.employers, self.day, self.whole = project, employers, day, whole
        self.before: dict[str, int] = {}
        for employer in employers:
            for name in PEOPLE:
                self._add(f"{name}_{employer.pk}", f"{employer.name}: {PEOPLE[name]}", PEOPLE_MAX)
        if whole:
            self._add("isolation_places", _("Isolation places"), PEOPLE_MAX)
            self._add("isolation_used", _("In use"), PEOPLE_MAX)
            in_stock, used = gettext("In stock"), gettext("Used each day")
            for item, title in ITEM_NAMES.items():
                self._add(f"stock_{item.value}", f"{title}: {in_stock}", AMOUNT_MAX)
                if item != SupplyItem.THERMOMETERS:
                    self._add(f"use_{item.value}", f"{title}: {used}", AMOUNT_MAX)
        self._remember()
        self.asks_again = False

    def _add(self, name: str, label: Any, most: int) -> None:
        widget = forms.NumberInput(attrs={"inputmode": "numeric", "aria-label": str(label)})
        self.fields[name] = forms.IntegerField(label=label, min_value=0, max_value=most, widget=widget)

    def _remember(self) -> None:
        """Show the numbers of the day, or else those of the last one. Who is not well is asked each day."""
        keys = [one.pk for one in self.employers]
        rows = EmployerCount.objects.kept().filter(project=self.project, enterprise__in=keys, date__lte=self.day)
        for row in rows.order_by("date"):
            of_day = row.date == self.day
            for name in PEOPLE:
                self._set(f"{name}_{row.enterprise_id}", getattr(row, name), of_day, kept=name != "abnormal")
        reports = SiteReport.objects.kept().filter(project=self.project, date__lte=self.day)
        last = reports.order_by("-date").first() if self.whole else None
        if last is None:
            return
        of_day = last.date == self.day
        self._set("isolation_places", last.isolation_places, of_day)
        self._set("isolation_used", last.isolation_used, of_day)
        for line in last.lines.all():
            self._set(f"stock_{line.item}", line.stock, of_day)
            self._set(f"use_{line.item}", line.daily_use, of_day)

    def _set(self, name: str, value: int, of_day: bool, *, kept: bool = True) -> None:
        if name in self.fields:
            self.before[name] = value
            self.initial[name] = value if of_day or kept else None

    def clean(self) -> dict[str, Any]:
        """Check each employer's numbers together, and ask about a number that jumps. Raises ValidationError."""
        said: dict[str, Any] = super().clean() or {}
        for employer in self.employers:
            names = [f"{name}_{employer.pk}" for name in PEOPLE]
            if not all(name in said for name in names):
                continue
            try:
                check_counts(PeopleCounts(*(said[name] for name in names)))
            except SuppliesRefused as error:
                self.add_error(f"back_{employer.pk}", refused(error))
        jumped = [name for name, last in self.before.items() if jumps(last, said.get(name) or 0)]
        if jumped and not said.get("sure") and not self.errors:
            self.asks_again = True
            for name in jumped:
                self.add_error(name, gettext("Last time it was %(last)s. Is it right?") % {"last": self.before[name]})
        return said

    def people(self) -> dict[int, PeopleCounts]:
        """Return the people of each employer."""
        said = self.cleaned_data
        return {one.pk: PeopleCounts(*(said[f"{name}_{one.pk}"] for name in PEOPLE)) for one in self.employers}

    def site(self) -> SiteFigures | None:
        """Return the site's own figures."""
        if not self.whole:
            return None
        said = self.cleaned_data
        stocks = [
            StockFigures(item, said[f"stock_{item.value}"], said.get(f"use_{item.value}") or 0) for item in ITEM_NAMES
        ]
        return SiteFigures(IsolationPlaces(said["isolation_places"], said["isolation_used"]), stocks)

    def people_rows(self) -> list[FormRow]:
        """Return a line for each employer."""
        return [
            FormRow(one.name, tuple((str(PEOPLE[name]), self[f"{name}_{one.pk}"]) for name in PEOPLE))
            for one in self.employers
        ]

    def stock_rows(self) -> list[FormRow]:
        """Return a line for each item."""
        found = []
        for item, title in ITEM_NAMES.items():
            cells = [(gettext("In stock"), self[f"stock_{item.value}"])]
            if f"use_{item.value}" in self.fields:
                cells.append((gettext("Used each day"), self[f"use_{item.value}"]))
            found.append(FormRow(str(title), tuple(cells)))
        return found
