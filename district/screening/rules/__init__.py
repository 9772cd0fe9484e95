"""What a key list says, whom it may mean, and what may be decided. Pure."""

from district.screening.rules.areas import (
    PlaceAndDays,
    PlaceMatch,
    area_prefix,
    check_days,
    compare_places,
    wider_areas,
)
from district.screening.rules.candidates import CANDIDATES_MAX, ENOUGH_IN_PLACE, best_names
from district.screening.rules.entries import KeyEntry, NormalKeyEntry, normal_entry
from district.screening.rules.refusals import ScreeningRefused
from district.screening.rules.states import STEPS, HitBasis, HitState, check_step, end_of_hit, said

__all__ = [
    "CANDIDATES_MAX",
    "ENOUGH_IN_PLACE",
    "STEPS",
    "HitBasis",
    "HitState",
    "KeyEntry",
    "NormalKeyEntry",
    "PlaceAndDays",
    "PlaceMatch",
    "ScreeningRefused",
    "area_prefix",
    "best_names",
    "check_days",
    "check_step",
    "compare_places",
    "end_of_hit",
    "normal_entry",
    "said",
    "wider_areas",
]
