"""Changes of quarantine: each one transaction with its audit entry."""

from district.quarantine.registry.followers import check_follows, followers, follows
from district.quarantine.registry.hands import (
    accept_hand_over,
    offer_hand_over,
    overdue_hand_overs,
    take_back_hand_over,
)
from district.quarantine.registry.held import custody_of, open_offer
from district.quarantine.registry.orders import extend, order, release
from district.quarantine.registry.visits import ask_for, meet_need, visit, visits_missing
from district.quarantine.registry.watching import tell_gates, warn_of_overdue

__all__ = [
    "accept_hand_over",
    "ask_for",
    "check_follows",
    "custody_of",
    "extend",
    "followers",
    "follows",
    "meet_need",
    "offer_hand_over",
    "open_offer",
    "order",
    "overdue_hand_overs",
    "release",
    "take_back_hand_over",
    "tell_gates",
    "visit",
    "visits_missing",
    "warn_of_overdue",
]
