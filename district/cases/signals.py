"""What other apps may hear of cases."""

from django.dispatch import Signal

stepped = Signal()
"""Sent with `case` and `step` inside the transaction of each step: other apps tell programs of it."""
