"""Keep the connection's state for the commands, and try again what the broker refuses."""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from common.backoff import Backoff
from common.broker.link import LinkState
from common.broker.rights import RefusedTopic, TopicRight, sentence
from contract.topics import Channel, channel_of
from hq.config import HqConfig
from hq.database.clock import now
from hq.mqtt import HqLink
from hq.reports import link_file
from hq.reports.link_file import WRITE_EVERY_S, LinkRecord
from hq.reports.metrics import HqMetrics
from hq.service.list_sending import ListSending
from hq.service.small_tasks import Announcement

log = structlog.get_logger()

AGAIN_S, AGAIN_MAX_S = 60.0, 900.0
"""Pauses between two attempts to get what the broker refuses. Each is twice the one before."""


class LinkReport:
    """Writes the connection's state into HQ's folder, when it changed and now and then."""

    def __init__(self, folder: Path, broker: str, link: HqLink) -> None:
        self._folder, self._broker, self._link = folder, broker, link
        self._due_s, self._failed = 0.0, False
        self._last: tuple[LinkState, tuple[RefusedTopic, ...]] | None = None

    def due(self) -> None:
        """Write the state if it is time."""
        state, refused = self._link.state, self._link.rights.refused
        if (state, refused) == self._last and time.monotonic() < self._due_s:
            return
        self._last, self._due_s = (state, refused), time.monotonic() + WRITE_EVERY_S
        record = LinkRecord(
            utc=now(),
            broker=self._broker,
            connected=state.connected,
            since_utc=state.since,
            detail=state.detail,
            problems=tuple(sentence(one, "HQ") for one in refused),
        )
        try:
            link_file.write(self._folder, record)
            self._failed = False
        except OSError as error:  # the commands show an old state; nothing else depends on it
            if not self._failed:
                log.error("link_state_not_written", folder=str(self._folder), detail=str(error))
            self._failed = True


class RefusedTopics:
    """Tries refused topics again now and then. `allowed`: called for each that the broker lets through again."""

    def __init__(self, link: HqLink, allowed: Callable[[RefusedTopic], None]) -> None:
        self._link, self._allowed = link, allowed
        self._again = Backoff(AGAIN_S, AGAIN_MAX_S)
        self._due_s = 0.0
        self._refused: dict[tuple[str, TopicRight], RefusedTopic] = {}

    def due(self) -> None:
        """Note what is allowed again, and try the rest if it is time."""
        refused = {(one.topic, one.right): one for one in self._link.rights.refused}
        for key, one in self._refused.items():
            if key not in refused:
                self._allowed(one)
        new = refused.keys() - self._refused.keys()
        self._refused = refused
        if new or not refused:
            self._again.reset()
            self._due_s = time.monotonic() + self._again.next_s()
        elif time.monotonic() >= self._due_s:
            self._due_s = time.monotonic() + self._again.next_s()
            self._link.try_refused()


def watch_broker(
    link: HqLink, config: HqConfig, announcement: Announcement, sending: ListSending, metrics: HqMetrics
) -> tuple[RefusedTopics, LinkReport]:
    """Make both tasks, and let the numbers follow the connection.

    What was lost on a refused topic is repeated: HQ's state, or a site's lists. Gates ask for the rest.
    """
    metrics.connected.set_function(lambda: float(link.connected))
    metrics.topics_refused.set_function(lambda: float(len(link.rights.refused)))

    def allowed(one: RefusedTopic) -> None:
        found = channel_of(one.topic)
        if found is None or one.right is TopicRight.READ:
            return
        if found[0] is Channel.HQ_STATE:
            announcement.announce()
        elif found[1] and not found[2]:
            sending.forget_sent(found[1])

    return RefusedTopics(link, allowed), LinkReport(config.folder, f"{config.broker.host}:{config.broker.port}", link)
