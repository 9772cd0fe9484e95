"""Draw which commitments are checked. The draw is recorded and can be repeated; nobody draws twice a day."""

import secrets

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.places.models import Place
from district.supplies.models import SpotCheck, SpotCheckDraw, StartCommitment
from district.supplies.rules.commitments import CommitmentState
from district.supplies.rules.draws import check_draw, drawn
from district.supplies.rules.refusals import SuppliesRefused

_ONCE = gettext_noop("There was a draw for this place today: it stands, so that nobody draws until the result suits.")


@transaction.atomic
def draw_checks(by: object, place: Place, count: int) -> SpotCheckDraw:
    """Draw commitments below a place. The computer makes the seed, and never twice a day. Raises SuppliesRefused."""
    measure = measure_at(MeasureKind.SUPPLIES, place.path)
    if measure is None:
        raise SuppliesRefused(gettext_noop("No measure holds at this place: choose one at which it does."))
    first, end = place.branch
    rows = StartCommitment.objects.kept().filter(
        state=CommitmentState.IN_FORCE.value, project__place__path__gte=first, project__place__path__lt=end
    )
    numbers = list(rows.order_by("pk").values_list("pk", flat=True))
    size, seed = check_draw(count, len(numbers)), secrets.token_hex(16)
    try:
        with transaction.atomic():
            made = SpotCheckDraw.objects.create(
                measure=measure, place=place, seed=seed, numbers=numbers, size=size, by=str(by)[:150]
            )
    except IntegrityError:
        raise SuppliesRefused(_ONCE) from None
    SpotCheck.objects.bulk_create(
        SpotCheck(draw=made, commitment_id=key, number=number)
        for number, key in enumerate(drawn(seed, numbers, size), 1)
    )
    record(by, "draw spot checks", made, details={"seed": seed, "count": str(size)})
    return made
