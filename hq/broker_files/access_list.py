"""mosquitto's access list: exactly what each side needs, from the table of channels."""

from collections.abc import Iterator, Sequence

from contract import rights
from contract.rights import TopicFilters
from contract.topics import Channel, topic
from hq.mqtt import SHARE

HQ_USER = "hq"
_GATE_USER = "gate."
"""A gate may have any id, "hq" too: its user begins with this."""
_RESERVED = "list"


class BrokerFilesRefused(ValueError):
    """The files cannot be written. The text says what to do."""


def gate_user(gate_id: str) -> str:
    """Return a gate's user name at the broker. A gate's id is unique at one HQ."""
    return f"{_GATE_USER}{gate_id}"


def access_list(gates: Sequence[tuple[str, str]]) -> str:
    """Return the text of acl_file. `gates`: (site, gate). What is not named is refused. Raises BrokerFilesRefused."""
    lines = ["# Who may read and write which topic, made by sitegate-hq broker-config. What is not named is refused."]
    of_hq = rights.of_hq()
    shared = f"{SHARE}{topic(Channel.EVENTS)}"
    lines += _user(HQ_USER, TopicFilters(read=(*of_hq.read, shared), write=of_hq.write))
    for site_id, gate_id in gates:
        if gate_id == _RESERVED:
            raise BrokerFilesRefused(
                f"gate {gate_id!r} of {site_id}: its topics would be among the site's lists: rename it"
            )
        lines += _user(gate_user(gate_id), rights.of_gate(site_id, gate_id))
    return "\n".join(lines) + "\n"


def _user(name: str, filters: TopicFilters) -> Iterator[str]:
    yield ""
    yield f"user {name}"
    yield from (f"topic read {one}" for one in filters.read)
    yield from (f"topic write {one}" for one in filters.write)
