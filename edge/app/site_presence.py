"""Open who is on the site, for the gate process and for commands that only read. And write it for the screen."""

import os
import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from contract.keyring import OpeningKeys, TrustedKeys
from edge.app.state_folders import JOURNAL, muster_file
from edge.core.config import Config
from edge.core.decision import policy_of
from edge.core.domain import MusterList, MusterPerson, RosterState
from edge.core.layout import PRESENCE_CHANGES, PRESENCE_LIST
from edge.core.ports import Clock
from edge.replica.presence_list import PresenceListReader
from edge.replica.site_presence import SitePresence
from edge.storage.presence import JournalPresence
from edge.system.key_files import credential

log = structlog.get_logger()

EVERY_S = 1.0
"""The file is written at most this often, and only when something changed."""


def open_presence(config: Config, clock: Clock) -> SitePresence:
    """Open the gate's own passages and HQ's presence list. Raises BadKey."""
    state = config.paths.state_dir
    listed = PresenceListReader(
        state / PRESENCE_LIST,
        state / PRESENCE_CHANGES,
        config.site.site_id,
        TrustedKeys(config.keys.hq_signing_public_path),
        OpeningKeys(credential(config.keys.site_private_path)),
    )
    return SitePresence(JournalPresence(state / JOURNAL, clock), listed, clock, config.site.gate_id)


class MusterFile:
    """Writes who is on the site for the screen, which has no key to HQ's list. Never raises.

    Under systemd the file is in memory, which spares the card. It holds worker ids, as the journal does.
    """

    def __init__(self, config: Config, presence: SitePresence, lists: Callable[[], RosterState], clock: Clock) -> None:
        self._path = muster_file(config)
        self._site_id, self._presence, self._lists, self._clock = config.site.site_id, presence, lists, clock
        self._due_s = 0.0
        self._written: tuple[object, ...] | None = None

    def write_if_due(self) -> None:
        """Write the file, if a passage or a list is new."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        now = self._clock.utc()
        policy = policy_of(self._lists(), self._site_id, now)
        self._presence.follow(policy.presence_max_age_s)
        people = self._presence.people(now - timedelta(hours=policy.anti_passback_forgets_after_h))
        if self._presence.read_to == self._written:
            return
        muster = MusterList(
            utc=now,
            issued_utc=people.issued_utc,
            max_age_s=policy.presence_max_age_s,
            unnamed=people.unnamed,
            people=tuple(
                MusterPerson(worker_id=who, utc=passage.last.utc, gate_id=passage.gate_id)
                for who, passage in people.named.items()
            ),
        )
        try:
            self._write(muster)
        except OSError as error:
            log.warning("muster_not_written", error=error.strerror)
            return
        self._written = self._presence.read_to

    def _write(self, muster: MusterList) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(f".{self._path.name}.new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
        with os.fdopen(handle, "wb") as file:
            file.write(muster.model_dump_json().encode())
        new.replace(self._path)
