"""What apps above hear from places."""

from django.dispatch import Signal

branch_moved = Signal()
"""A place and all below it have a new path. Sent with `paths`, a range of the new paths, inside the transaction."""
