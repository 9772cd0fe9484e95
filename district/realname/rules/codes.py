"""The platform's code tables, as far as the registry's own codes differ from them."""

from district.people.rules import NATIONS, TRADES

DIRECTIONS = {"in": "01", "out": "02"}
ENTRY, EXIT = 1, 0
"""`type` of `WorkerEntryExit.Add`."""
OTHER_TRADE = "1000"


def work_type(trade: str) -> str:
    """Return the `workType` of a trade; what the table lacks is "other"."""
    return trade if trade in TRADES else OTHER_TRADE


def nation(code: str) -> str:
    """Return a nationality as the platform writes it, in Chinese and without 族; "" for an unknown code."""
    return NATIONS[code][0] if code in NATIONS else ""
