"""The worker's rounds: sheets are read, lists compared once more, cases opened, hits ended."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from district.exchange.rounds import Round, every
from district.screening.models import KeyList
from district.screening.registry.files import force_next, read_next_file
from district.screening.registry.matching import compare_list
from district.screening.registry.warning import end_some, warn_of_expired_lists, warn_of_some

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


ROUNDS: tuple[Round, ...] = (
    read_next_file,
    force_next,
    warn_of_some,
    every(_EVERY_S, compare_lists_again),
    every(_EVERY_S, warn_of_expired_lists),
    every(_EVERY_S, end_some),
)
