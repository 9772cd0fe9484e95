"""The pages of supplies."""

from district.supplies.views.commitments import commit, commitment, commitments, end_commitment
from district.supplies.views.day import declare, rules_of_measure, site
from district.supplies.views.draws import add_draw, draw, draws, note_check
from district.supplies.views.lists import sites, stocks, sums
from district.supplies.views.offers import add_offer, offer, offer_step, offers

__all__ = [
    "add_draw",
    "add_offer",
    "commit",
    "commitment",
    "commitments",
    "declare",
    "draw",
    "draws",
    "end_commitment",
    "note_check",
    "offer",
    "offer_step",
    "offers",
    "rules_of_measure",
    "site",
    "sites",
    "stocks",
    "sums",
]
