"""What holds for declarations. Pure."""

from district.declarations.rules.answers import (
    SYMPTOMS,
    Abnormal,
    Answers,
    Asked,
    DraftStopover,
    DraftTrip,
    abnormal_of,
    checked_answers,
    degrees_of,
    remembered_answers,
)
from district.declarations.rules.areas import area_code, lies_in
from district.declarations.rules.freshness import (
    CLOCK_AHEAD,
    Counting,
    GivenAt,
    counting,
    declared_at,
    readings_due,
)
from district.declarations.rules.refusals import DeclarationRefused
from district.declarations.rules.tickets import carriage, seat, trip_number

__all__ = [
    "CLOCK_AHEAD",
    "SYMPTOMS",
    "Abnormal",
    "Answers",
    "Asked",
    "Counting",
    "DeclarationRefused",
    "DraftStopover",
    "DraftTrip",
    "GivenAt",
    "abnormal_of",
    "area_code",
    "carriage",
    "checked_answers",
    "counting",
    "declared_at",
    "degrees_of",
    "lies_in",
    "readings_due",
    "remembered_answers",
    "seat",
    "trip_number",
]
