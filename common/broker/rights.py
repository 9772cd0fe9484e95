"""Which topics the broker refuses, by its MQTT 5 answers: reported once per topic, and again when that changes."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import structlog

log = structlog.get_logger()

_LOGGED_MAX = 50
"""A wrong access list of a large site must not fill the log."""
_NAMED_MAX = 3


class TopicRight(StrEnum):
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class RefusedTopic:
    """A topic that the broker refuses. `code` and `reason`: its answer (PUBACK or SUBACK of MQTT 5)."""

    topic: str
    right: TopicRight
    code: int
    reason: str

    @property
    def short(self) -> str:
        """Right and topic, without the site's part."""
        return f"{self.right} {self.topic}"


def sentence(refused: RefusedTopic, whose: str) -> str:
    """Say which topic, which right, and where to change it."""
    text = f"the broker does not let {whose} {refused.right} {refused.topic} ({refused.reason})"
    match refused.code:
        case 0x87:
            word = "topic read" if refused.right is TopicRight.READ else "topic write"
            todo = f'allow it at the broker (mosquitto: "{word} {refused.topic}" in acl_file; EMQX: Authorization)'
        case 0x97:
            todo = "raise the broker's quota"
        case 0x95:
            todo = "let the broker take larger messages (mosquitto: max_packet_size)"
        case 0x9E | 0xA2:
            todo = "the broker must allow shared and wildcard subscriptions"
        case _:
            todo = "see the broker's log"
    return f"{text}: {todo}"


def summary(refused: Iterable[RefusedTopic], whose: str) -> str:
    """Describe all refused topics in one text; "" if there is none."""
    found = list(refused)
    if not found:
        return ""
    first, more = found[0], found[1:]
    others = ", ".join(one.short for one in more[:_NAMED_MAX])
    beyond = f" and {len(more) - _NAMED_MAX} more" if len(more) > _NAMED_MAX else ""
    return sentence(first, whose) + (f"; refused too: {others}{beyond}" if more else "")


class TopicRights:
    """Takes the broker's answers, from any thread. Nothing is refused until the broker says so."""

    def __init__(self, whose: str) -> None:
        self._whose = whose
        self._refused: dict[tuple[str, TopicRight], RefusedTopic] = {}
        self._lock = threading.Lock()
        self.answers = 0
        """How many answers the broker has given."""

    @property
    def refused(self) -> tuple[RefusedTopic, ...]:
        """All that is refused now, in the order of the answers."""
        with self._lock:
            return tuple(self._refused.values())

    def is_refused(self, topic: str, right: TopicRight) -> bool:
        """Whether the broker's last answer for this topic was a refusal."""
        return (topic, right) in self._refused

    def note(self, topic: str, right: TopicRight, code: int, reason: str) -> None:
        """Note an answer of the broker. Codes from 128 on are refusals (MQTT 5, 2.4)."""
        key, found = (topic, right), RefusedTopic(topic, right, code, reason)
        with self._lock:
            self.answers += 1
            before = self._refused.get(key)
            if code < 0x80:
                self._refused.pop(key, None)
            else:
                self._refused[key] = found
            count = len(self._refused)
        if code < 0x80:
            if before is not None:
                log.info("mqtt_topic_allowed", topic=topic, right=right.value)
        elif found != before and count <= _LOGGED_MAX:
            log.error("mqtt_topic_refused", topic=topic, right=right.value, detail=sentence(found, self._whose))

    def forget(self, topics: Iterable[str], right: TopicRight) -> None:
        """Forget topics that are no longer used."""
        with self._lock:
            for topic in topics:
                self._refused.pop((topic, right), None)
