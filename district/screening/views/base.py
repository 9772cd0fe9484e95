"""What the pages share: the list or hit of an address, and who may change it."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from district.emergency.rules import MeasureKind
from district.permissions import Permission
from district.screening.models import Hit, KeyList, ListFeed
from district.screening.tables import with_file

SEE, SCREEN = Permission.SEE_SCREENING, Permission.SCREEN
KIND = MeasureKind.SCREENING


def seen_list(request: HttpRequest, pk: int) -> KeyList:
    """Return a list that the account sees. Raises Http404."""
    user: Any = request.user
    rows = with_file(KeyList.objects.visible_to(user).kept()).select_related("measure__place")
    found: KeyList = get_object_or_404(rows, pk=pk)
    return found


def own_list(request: HttpRequest, pk: int) -> KeyList:
    """Return a list whose whole place is in the account's part of the tree: it may change it. Raises Http404."""
    user: Any = request.user
    rows = with_file(KeyList.objects.kept()).filter(user.scope(SCREEN).places("measure__place__path"))
    found: KeyList = get_object_or_404(rows.select_related("measure__place"), pk=pk)
    return found


def may_change(request: HttpRequest, key_list: KeyList) -> bool:
    """Say whether the account may change a list."""
    user: Any = request.user
    inside = user.scope(SCREEN).places("measure__place__path")
    return bool(KeyList.objects.filter(inside, pk=key_list.pk).exists())


def own_feed(request: HttpRequest, pk: int) -> ListFeed:
    """Return a feed that the account may change. Raises Http404."""
    user: Any = request.user
    rows = ListFeed.objects.kept().filter(user.scope(SCREEN).places("measure__place__path"))
    found: ListFeed = get_object_or_404(rows.select_related("measure__place"), pk=pk)
    return found


def seen_hit(request: HttpRequest, pk: int, permission: Permission = SEE) -> Hit:
    """Return a hit of a person in the account's scope. Raises Http404."""
    user: Any = request.user
    rows = Hit.objects.visible_to(user, permission).kept()
    found: Hit = get_object_or_404(rows.select_related("person", "list", "rule", "measure__place"), pk=pk)
    return found
