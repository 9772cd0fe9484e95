"""PROMISE: a list shows each visible row once, page by page, and its export holds the same."""

import csv
import io
from contextlib import closing
from typing import Any

import pytest
from district_rig import SmallDistrict
from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.test import RequestFactory, SimpleTestCase

from district.accounts.models import User
from district.people.models import Person
from district.permissions import Role
from district.web.lists import list_page, shown_table
from district.web.paging import keyset_page
from district.web.selects import fast_select
from district.web.tables import EmptyState, ListTable, TableColumn

assert_html_equal = SimpleTestCase().assertHTMLEqual

PEOPLE = ListTable(
    name="people",
    keys=("pinyin", "pk"),
    columns=(
        TableColumn("name", "Name", link=lambda person: f"/people/{person.pk}", sort=("name", "pk")),
        TableColumn("worker_id", "Worker", kind="code"),
        TableColumn("added", "Added", kind="time", sort=("added", "pk"), shown=False),
    ),
    empty=EmptyState("Nobody is registered yet", "Add people or import a sheet."),
    pick=True,
)


def request_of(user: User, query: str = "") -> HttpRequest:
    request = RequestFactory().get(f"/people?{query}")
    request.user = user
    return request


def file_of(user: User, query: str) -> bytes:
    answer: Any = list_page(request_of(user, query), "list_of_test.html", PEOPLE, Person.objects.visible_to(user))
    with closing(answer):
        return b"".join(answer.streaming_content)


@pytest.mark.parametrize("keys", [("pinyin", "pk"), ("-pinyin", "pk"), ("sex", "-added", "pk")])
def test_ok__pages_forward_and_back_hold_each_row_once(town: SmallDistrict, keys: tuple[str, ...]) -> None:
    rows = Person.objects.all()
    wanted = list(rows.order_by(*keys))
    page = keyset_page(rows, keys, size=3)
    seen = list(page.rows)
    while page.next_cursor:
        page = keyset_page(rows, keys, after=page.next_cursor, size=3)
        seen += page.rows
    assert seen == wanted
    back = list(page.rows)
    while page.previous_cursor:
        page = keyset_page(rows, keys, before=page.previous_cursor, size=3)
        back = page.rows + back
    assert back == wanted


@pytest.mark.parametrize(
    "cursor",
    ["x", "W10", "WyJhIl0", "WyJhIiwibm90IGEgbnVtYmVyIl0", "WyJhIiwxZTk5OV0", "W251bGwsbnVsbF0", "WyJhXHUwMDAwIiwxXQ"],
)
def test_fail__a_broken_cursor_gives_the_first_page(town: SmallDistrict, cursor: str) -> None:
    page = keyset_page(Person.objects.all(), ("pinyin", "pk"), after=cursor, size=3)
    assert (page.broken, len(page.rows), page.previous_cursor) == (True, 3, "")


def test_ok__the_file_holds_the_rows_of_the_page_and_no_formula(town: SmallDistrict) -> None:
    user = town.accounts[Role.MANAGER]
    Person.objects.filter(worker_id="w-1").update(name='=HYPERLINK("http://x")')
    text = file_of(user, "format=csv&columns=name,worker_id").decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [
        ["Name", "Worker"],
        ['\'=HYPERLINK("http://x")', "w-1"],
        ["工人2", "w-2"],
    ]


def test_ok__a_worksheet_reads_back_as_texts(town: SmallDistrict) -> None:
    from python_calamine import CalamineWorkbook

    Person.objects.filter(worker_id="w-1").update(name="=1+1")
    file = file_of(town.accounts[Role.MANAGER], "format=xlsx&columns=name,added")
    book = CalamineWorkbook.from_filelike(io.BytesIO(file))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows] == ["Name", "=1+1", "工人2"]


def test_fail__who_may_not_export_gets_no_file(town: SmallDistrict) -> None:
    with pytest.raises(PermissionDenied):
        file_of(town.accounts[Role.GUARD], "format=csv")


def test_fail__names_never_become_markup(town: SmallDistrict) -> None:
    user = town.accounts[Role.MANAGER]
    Person.objects.filter(worker_id="w-1").update(name='<script>alert(1)</script>{{ 7|add:"1" }}')
    table = shown_table(request_of(user), PEOPLE, Person.objects.visible_to(user))
    assert "<script" not in table.body
    assert "&lt;script&gt;" in table.body


def test_ok__columns_and_order_come_from_the_address_and_nonsense_is_ignored(town: SmallDistrict) -> None:
    user = town.accounts[Role.OFFICER]
    rows = Person.objects.visible_to(user)
    table = shown_table(request_of(user, "columns=added,nothing&sort=-name"), PEOPLE, rows)
    assert [column.name for column in table.columns] == ["added"]
    assert [person.name for person in table.page.rows][:2] == ["工人8", "工人7"]
    assert shown_table(request_of(user, "sort=password"), PEOPLE, rows).page.rows[0].worker_id == "w-1"


class _Choices(forms.Form):
    plain = forms.ChoiceField(choices=[("", "all"), ("a", "<b>"), ("b", "B")], required=False)
    people = forms.ModelChoiceField(Person.objects.all(), empty_label="choose", help_text="one")
    number = forms.TypedChoiceField(choices=[(1, "one"), (2, "two")], coerce=int, initial=2)
    grouped = forms.ChoiceField(choices=[("g", [("x", "X")])])
    several = forms.MultipleChoiceField(choices=[("a", "A")])


def test_ok__choices_look_as_django_draws_them(town: SmallDistrict) -> None:
    person = town.people[1].pk
    for form in (
        _Choices(),
        _Choices({"plain": "a", "people": str(person), "number": "1", "grouped": "x"}),
        _Choices({"people": "x"}),
    ):
        for name in ("plain", "people", "number", "grouped"):
            assert_html_equal(str(fast_select(form[name])), str(form[name]))
        assert fast_select(form["several"]) is None
