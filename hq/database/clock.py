"""The time that HQ writes into its tables and messages."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time of the system clock, in UTC."""
    return datetime.now(UTC)
