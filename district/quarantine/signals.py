"""What other apps may hear of quarantine: gates are closed and opened by whoever keeps the risk entries."""

from django.dispatch import Signal

ordered = Signal()
"""Sent with `order` inside the transaction that orders or extends a quarantine."""
released = Signal()
"""Sent with `order` inside the transaction that releases, and before an order is erased."""
