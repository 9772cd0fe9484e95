"""Workers of a synthetic district who declare on their phones, to measure with."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from district.declarations.area_names import named_areas
from district.declarations.models import DeclarationPolicy, HealthDeclaration
from district.declarations.registry import set_policy
from district.declarations.rules import SYMPTOMS, Asked
from district.emergency.erasing import models_of_measures
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at, start_measure
from district.emergency.rules import MeasureKind
from district.exchange.models import OutboxRow
from district.people.models import Assignment, in_force
from district.phones.models import WorkerPhone
from district.phones.rules import hash_of, new_secret
from district.places.models import Place

KIND_OF_PHONE = "measured"
ABNORMAL, TRAVELLED = 0.005, 0.1
"""Shares of declarations: as many wait for a decision, and as many name a trip."""


@dataclass(frozen=True, slots=True)
class MorningPhones:
    """Phones that are open, and under which measure since when."""

    secrets: list[str]
    measure: EmergencyMeasure
    since: datetime
    own: bool
    """Whether the measure was started for this."""


def opened_phones(count: int) -> MorningPhones:
    """Let a measure ask for declarations everywhere, and open so many workers' phones."""
    root, since = Place.objects.get(depth=1), timezone.now()
    found = measure_at(MeasureKind.DECLARATIONS, root.path)
    measure = found or start_measure(
        "simulate-declarations",
        MeasureKind.DECLARATIONS,
        root,
        purpose="Measure declarations of a synthetic district",
        legal_basis="Nobody real is concerned",
        ends=timezone.localdate() + timedelta(days=1),
    )
    set_policy("simulate-declarations", measure, Asked(at_gate=True), "measured")
    today = timezone.localdate()
    work = Assignment.objects.filter(in_force(today), starts__lte=today, person__erased=None)
    people = list(work.order_by().values_list("person", flat=True).distinct()[:count])
    secrets = [new_secret() for _ in people]
    WorkerPhone.objects.bulk_create(
        [
            WorkerPhone(person_id=person, secret_hash=hash_of(secret), kind=KIND_OF_PHONE)
            for person, secret in zip(people, secrets, strict=True)
        ],
        batch_size=500,
    )
    return MorningPhones(secrets, measure, since, own=found is None)


def closed_phones(phones: MorningPhones) -> int:
    """Take back what was declared since then, and the phones. Return how many declarations there were."""
    WorkerPhone.objects.filter(kind=KIND_OF_PHONE).delete()
    mine = {"measure": phones.measure, "made__gte": phones.since}
    count = HealthDeclaration.objects.filter(**mine).count()
    for model in models_of_measures():
        rows = model.objects.filter(**mine)
        model.before_erasing(rows)
        rows.delete()
    DeclarationPolicy.objects.filter(measure=phones.measure).delete()
    if phones.own:
        phones.measure.delete()
    # Nobody hands these to an HQ.
    OutboxRow.objects.filter(kind=OutboxRow.Kind.WORKER, made__gte=phones.since).delete()
    return count


def answers(seed: int, today: date) -> Iterator[dict[str, str]]:
    """Yield what workers send, as the form names it, without end."""
    choose = random.Random(seed)
    cities = [code for code, area in named_areas().items() if area.level == 2]
    rows = {f"{part}-{name}": "0" for part in ("trip", "stay") for name in ("INITIAL_FORMS", "MIN_NUM_FORMS")}
    rows |= {"trip-TOTAL_FORMS": "1", "stay-TOTAL_FORMS": "1"}
    while True:
        ill, away = choose.random() < ABNORMAL, choose.random() < TRAVELLED
        sent = rows | {
            "health": "ill" if ill else "well",
            "contact": "no",
            "away": "yes" if away else "no",
            "temperature": f"36.{choose.randrange(10)}",
            "origin": choose.choice(cities),
        }
        if ill:
            sent["symptoms"] = choose.choice(list(SYMPTOMS))
        if away:
            sent |= {
                "trip-0-mode": "train",
                "trip-0-day": str(today - timedelta(days=choose.randrange(14))),
                "trip-0-number": f"G{choose.randrange(1, 2000)}",
                "trip-0-from_area": choose.choice(cities),
                "trip-0-to_area": "440600",
            }
        yield sent
