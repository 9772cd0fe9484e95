"""PROMISE: a bulk action shows what it will do, and changes all rows that the account may change, or none."""

from typing import Any

from district_rig import SmallDistrict
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpResponse
from django.test import RequestFactory

from district.accounts.models import User
from district.people.models import Person
from district.permissions import Role
from district.web.bulk import BulkAction, bulk_page


class NameRefused(ValueError):
    """A refusal of the test's action."""


def _rename(user: Any, person: Person, values: object) -> None:
    if person.worker_id == "w-2" and person.language == "refuse":
        raise NameRefused("it is written on the card")
    person.name += "!"
    person.save()


RENAME = BulkAction(
    name="rename",
    label="Rename",
    explained="Adds a mark to each name.",
    apply=_rename,
    check=lambda person, values: "is merged" if person.merged_into_id else "",
    refusals=(NameRefused,),
)


def _sent(user: User, picks: list[object], **values: str) -> HttpResponse:
    request = RequestFactory().post("/several", {"action": "rename", "pick": picks, **values})
    request.user, request.session = user, SessionStore()
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    return bulk_page(request, (RENAME,), Person.objects.visible_to(user), back="/people")


def _names() -> list[str]:
    return list(Person.objects.order_by("pk").values_list("name", flat=True))


def test_ok__the_preview_changes_nothing_and_says_what_is_left_out(town: SmallDistrict) -> None:
    first, second = town.people[:2]
    Person.objects.filter(pk=second.pk).update(merged_into=first)
    before = _names()
    answer = _sent(town.accounts[Role.MANAGER], [first.pk, second.pk])
    assert (answer.status_code, "is merged" in answer.text, _names()) == (200, True, before)
    assert _sent(town.accounts[Role.MANAGER], [first.pk, second.pk], confirmed="yes").status_code == 302
    assert _names()[:2] == [f"{before[0]}!", before[1]]


def test_fail__one_refusal_undoes_all(town: SmallDistrict) -> None:
    Person.objects.filter(worker_id="w-2").update(language="refuse")
    before = _names()
    answer = _sent(town.accounts[Role.MANAGER], [p.pk for p in town.people[:2]], confirmed="yes")
    assert (answer.status_code, "written on the card" in answer.text, _names()) == (200, True, before)


def test_fail__rows_of_others_and_nonsense_are_not_found(town: SmallDistrict) -> None:
    before = _names()
    user = town.accounts[Role.MANAGER]
    _sent(user, [town.people[4].pk], confirmed="yes")
    for picks in ([], ["x", "-1", "9" * 30], list(range(1, 600))):
        assert _sent(user, picks, confirmed="yes").status_code == 302
    assert _names() == before
