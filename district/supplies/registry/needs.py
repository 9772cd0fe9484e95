"""What a measure asks of sites."""

from datetime import time

from django.db import transaction
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.places.models import Project
from district.supplies.models import SupplyPolicy
from district.supplies.rules.items import SupplyNeeds, check_needs
from district.supplies.rules.refusals import SuppliesRefused


def policy_of(measure: EmergencyMeasure) -> SupplyPolicy:
    """Return what a measure asks for; the usual if nobody set it."""
    return SupplyPolicy.objects.filter(measure=measure).first() or SupplyPolicy(measure=measure)


def measure_of(project: Project) -> EmergencyMeasure:
    """Return the measure that holds on a site. Raises SuppliesRefused."""
    found = measure_at(MeasureKind.SUPPLIES, project.place.path)
    if found is None:
        raise SuppliesRefused(gettext_noop("No measure asks this site for declarations: nothing is stored."))
    return found


@transaction.atomic
def set_policy(
    by: object, measure: EmergencyMeasure, needs: SupplyNeeds, *, due: time, listed_areas: str = "", why: str = ""
) -> SupplyPolicy:
    """Say what a measure asks of sites. Raises SuppliesRefused."""
    checked = check_needs(needs)
    values = {
        "due": due,
        "short_days": checked.short_days,
        "enough_days": checked.enough_days,
        "surplus_days": checked.surplus_days,
        "people_per_thermometer": checked.people_per_thermometer,
        "listed_areas": " ".join(listed_areas.replace("\0", "").split())[:500],
    }
    made, _new = SupplyPolicy.objects.update_or_create(measure=measure, defaults=values)
    record(by, "set supply policy", made, fields=sorted(values), why=why, place_path=measure.place.path)
    return made
