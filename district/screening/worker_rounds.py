"""The worker's rounds: lists are compared once more."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from district.exchange.rounds import Round, every
from district.screening.models import KeyList
from district.screening.registry.matching import compare_list

_AGAIN_AFTER = timedelta(minutes=10)
_EVERY_S = 60.0


def compare_lists_again() -> bool:
    """Compare a list once more, some time after its load. Return whether another may wait.

    Whose registration was under way while the list was loaded saw no list, and the list did not see them.
    """
    due = KeyList.objects.in_force().filter(compared_again=None, loaded__lt=timezone.now() - _AGAIN_AFTER)
    with transaction.atomic():
        found = due.order_by("pk").select_for_update(of=("self",), skip_locked=True).first()
        if found is None:
            return False
        compare_list(found)
        found.compared_again = timezone.now()
        found.save(update_fields=["compared_again"])
    return True


ROUNDS: tuple[Round, ...] = (every(_EVERY_S, compare_lists_again),)
