"""The feed: HQ's events for other programs, exactly once (docs/FEED.md)."""

from hq.feed.cursor import BadCursor as BadCursor
from hq.feed.entries import FeedEntry as FeedEntry
from hq.feed.entries import FeedKind as FeedKind
from hq.feed.entries import FeedLag as FeedLag
from hq.feed.entries import FeedPage as FeedPage
from hq.feed.feed import Feed as Feed
