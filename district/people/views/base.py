"""What the pages of people share: the person of an address, and forms that the registry may refuse."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from district.people.models import Person
from district.people.registry import RecordRefused
from district.people.rules import WrongName, WrongNumber
from district.permissions import Permission

REFUSED = (RecordRefused, WrongName, WrongNumber)
"""What the registry raises for input that is not right. Each text is one sentence with what to do."""


def seen_person(request: HttpRequest, key: int, permission: Permission | None = None) -> Person:
    """Return a person whom the account sees. Raises Http404."""
    user: Any = request.user
    found: Person = get_object_or_404(Person.objects.visible_to(user, permission), pk=key)
    return found


def changeable_person(request: HttpRequest, key: int, permission: Permission = Permission.CHANGE_PEOPLE) -> Person:
    """Return a person whom the account may change: who works in its scope now. Raises Http404."""
    user: Any = request.user
    people = Person.objects.visible_to(user, permission).changeable_by(user, permission)
    found: Person = get_object_or_404(people.living(), pk=key)
    return found


def may_change(request: HttpRequest, person: Person) -> bool:
    """Say whether the account may change a person."""
    user: Any = request.user
    return bool(Person.objects.filter(pk=person.pk).living().changeable_by(user).exists())


def form_page(
    request: HttpRequest,
    form: Form,
    do: Callable[[], str | None],
    *,
    template: str = "people/form.html",
    context: dict[str, Any],
) -> HttpResponseBase:
    """Show a form, or do what it says. `do` returns where to go. What the registry refuses stands in the form, and
    what was typed stays.
    """
    if request.method == "POST" and form.is_valid():
        try:
            address = do()
        except REFUSED as refused:
            form.add_error(None, str(refused))
        else:
            return redirect(address or request.path)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def do_or_say(request: HttpRequest, do: Callable[[], object], done: str) -> None:
    """Do one thing and say so, or say why it was refused."""
    try:
        do()
    except REFUSED as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
