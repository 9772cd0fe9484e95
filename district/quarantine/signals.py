"""What other apps may hear of quarantine: an order begins or ends."""

from django.dispatch import Signal

ordered = Signal()
"""Sent with `order` inside the transaction that orders or extends a quarantine."""
released = Signal()
"""Sent with `order` inside the transaction that releases, and before an order is erased."""
