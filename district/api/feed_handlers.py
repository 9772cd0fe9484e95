"""Tell other programs of the passages in HQ's feed."""

from district.api.events import of_feed as handle

__all__ = ["handle"]
