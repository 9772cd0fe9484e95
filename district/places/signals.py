"""What apps above hear from places."""

from django.dispatch import Signal

branch_moved = Signal()
"""A place and all below it have a new path. Sent with `place`, as it is now, and `before`, its former path, inside the
transaction.
"""
