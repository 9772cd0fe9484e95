"""The first start: the root of the tree, the first account, and its one-time link. There is no default password."""

from django.conf import settings
from django.db import IntegrityError, transaction

from district.accounts import registry
from district.accounts.models import Grant, User
from district.accounts.registry import Wanted
from district.permissions import Role
from district.places.models import Place

USERNAME = "admin"


def first_link() -> str | None:
    """Return the secret of the first administrator's link; None if an administrator has a password already.

    Each start makes a new link, and those before it end. Of two web processes that start at once one gets a link.
    """
    try:
        return _first_link()
    except IntegrityError:
        return None


@transaction.atomic
def _first_link() -> str | None:
    administrators = User.objects.filter(
        pk__in=Grant.objects.filter(role=Role.SYSTEM, ended=None).values("user"), is_active=True
    )
    if any(user.has_usable_password() for user in administrators):
        return None
    if known := administrators.order_by("pk").first():
        return registry.new_link(None, known)
    root = Place.objects.filter(depth=1).first() or Place.objects.add_root(
        {"kind": Place.Kind.DISTRICT, "name": settings.CONFIG.name if settings.CONFIG else "District"}
    )
    taken = User.objects.filter(username=USERNAME).exists()
    name = f"{USERNAME}-{User.objects.count()}" if taken else USERNAME
    _user, secret = registry.invite(None, name, "Administrator", Wanted(Role.SYSTEM, place=root))
    return secret
