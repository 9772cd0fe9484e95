"""Note which gates HQ knows, and when it last heard each."""

from datetime import datetime, timedelta

from district.exchange.door import hq_door
from district.places.models import Gate, Project

NOTICED = timedelta(seconds=30)
"""A later time by less is not written: 1,000 gates report every few seconds."""


def note_gates() -> bool:
    """Add gates that HQ registered at known sites, and note when each was last heard. Raises HqAway."""
    held = {(gate.project.site_id, gate.gate_id): gate for gate in Gate.objects.select_related("project")}
    projects = dict(Project.objects.order_by().values_list("site_id", "pk"))
    for found in hq_door().gates():
        gate = held.get((found.site_id, found.gate_id))
        if gate is None:
            if found.site_id in projects:
                Gate.objects.get_or_create(
                    project_id=projects[found.site_id],
                    gate_id=found.gate_id,
                    defaults={"last_heard": found.heard},
                )
        elif _later(found.heard, gate.last_heard):
            Gate.objects.filter(pk=gate.pk).update(last_heard=found.heard)
    return False


def _later(heard: datetime | None, noted: datetime | None) -> bool:
    return heard is not None and (noted is None or heard - noted > NOTICED)
