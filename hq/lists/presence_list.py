"""Make the presence list of a site: whole, or as what changed since then.

Changes contain all since the last whole list, so a lost message does no harm. The whole list is made again as soon as
the changes since it weigh as much. So few bytes go to a gate in the rush of a morning, and few in a quiet night.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from contract.deltas import Base, Changes, write_delta
from contract.messages import ListKind, PolicySnapshot
from contract.parts import Content, read_part, write_parts
from contract.signing import key_id
from hq.keys.keys import HqKeys
from hq.lists.deltas import keys_fingerprint
from hq.lists.presence_state import SitePassages

WHOLE_EVERY = timedelta(hours=1)
"""Old passages leave the list no later than this."""
_FORGETS_H = float(PolicySnapshot.model_fields["anti_passback_forgets_after_h"].default)


@dataclass(slots=True)
class _Sent:
    """The whole list that gates have, and what the changes since it weigh."""

    passages: SitePassages
    base: Base
    size: int
    issued: datetime
    keys: str
    changes: int = 0


@dataclass(frozen=True, slots=True)
class PresenceMessage:
    """A sealed and signed list: `whole`, or its changes."""

    body: bytes
    whole: bool


class PresenceLists:
    """Makes the next message for each site. The versions of a site only grow: they are its issue times."""

    def __init__(self, keys: HqKeys) -> None:
        self._keys = keys
        self._sent: dict[str, _Sent] = {}
        self._versions: dict[str, int] = {}
        self._signing = key_id(keys.signing)

    def follow_keys(self) -> bool:
        """Return True if HQ signs with another key since the last call: what the broker keeps must be sent again."""
        before, self._signing = self._signing, key_id(self._keys.signing)
        return before != self._signing

    def forget_sent(self, site_id: str | None = None) -> None:
        """Make the next list whole, for one site or all: the broker may have lost what it kept."""
        self._sent = {site: sent for site, sent in self._sent.items() if site_id is not None and site != site_id}

    def next(self, site_id: str, passages: SitePassages, issued: datetime, forgets_h: float | None) -> PresenceMessage:
        """Make the next message. `forgets_h`: the policy's own value. Raises BadKey: the site has no key."""
        version = max(int(issued.timestamp() * 1000), self._versions.get(site_id, 0) + 1)
        self._versions[site_id] = version
        since, reader = issued - timedelta(hours=forgets_h or _FORGETS_H), self._keys.site(site_id)
        sent, keys = self._sent.get(site_id), keys_fingerprint(reader, self._keys.signing)
        if sent is None or sent.passages is not passages or sent.keys != keys or self._worn(sent, issued):
            return self._whole(site_id, passages, issued, version, since, reader, keys)
        changes = Changes(passages.changes(site_id, issued, version, since))
        body = write_delta(changes, ListKind.PRESENCE, sent.base, reader, self._keys.signing)
        sent.changes += len(body)
        return PresenceMessage(body, whole=False)

    def _whole(
        self,
        site_id: str,
        passages: SitePassages,
        issued: datetime,
        version: int,
        since: datetime,
        reader: X25519PublicKey,
        keys: str,
    ) -> PresenceMessage:
        content = Content(passages.whole(site_id, issued, version, since))
        (body,) = write_parts([content], ListKind.PRESENCE, reader, self._keys.signing)
        digest = read_part(body, ListKind.PRESENCE, self._keys.signing.public_key()).header.digest
        self._sent[site_id] = _Sent(passages, Base(version, digest), len(body), issued, keys)
        return PresenceMessage(body, whole=True)

    def _worn(self, sent: _Sent, issued: datetime) -> bool:
        return sent.changes > sent.size or not timedelta(0) <= issued - sent.issued < WHOLE_EVERY
