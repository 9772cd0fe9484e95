"""Check what the broker lets this gate read and write. It tries each topic, without an effect on HQ."""

from collections.abc import Iterator

from common.broker.access import LinkError
from common.broker.probe import probe
from common.broker.rights import TopicRight, sentence
from common.check_result import CheckResult, CheckState
from contract import rights
from contract.topics import Channel, topic
from edge.core.config import Config
from edge.sync.mqtt import access

_WHERE = "docs/HQ.md, What the broker must allow; sitegate-hq broker-config writes it for mosquitto"


def topics(config: Config) -> Iterator[CheckResult]:
    """Try every topic of this gate. Name each one that the broker refuses, and in one line those that it allows."""
    site = config.site
    wanted = rights.of_gate(site.site_id, site.gate_id)
    try:
        found = probe(access(config.sync), f"sitegate-check-{site.gate_id}", read=wanted.read, write=wanted.write)
    except LinkError as error:
        yield CheckResult("topics", CheckState.PROBLEM, str(error), "correct [sync] in the configuration")
        return
    if not found.connected:
        yield CheckResult("topics", CheckState.PROBLEM, found.detail, "see broker")
        return
    for one in found.refused:
        detail, _, todo = sentence(one, "this gate").partition("): ")
        yield CheckResult("topic", CheckState.PROBLEM, f"{detail})", f"{todo}; {_WHERE}")
    if found.unanswered:
        detail = f"the broker left {found.unanswered} attempts without an answer"
        yield CheckResult("topics", CheckState.WARNING, detail, "see the broker's log; is it an MQTT 5 broker?")
    elif not found.refused:
        yield _arrivals(config, found.arrived)
        yield _allowed(wanted)


def _allowed(wanted: rights.TopicFilters) -> CheckResult:
    may = [f"{TopicRight.WRITE} {name}" for name in wanted.write] + [
        f"{TopicRight.READ} {name}" for name in wanted.read
    ]
    return CheckResult("allowed", CheckState.OK, f"{len(may)} topics tried: {', '.join(may)}")


def _arrivals(config: Config, arrived: frozenset[str]) -> CheckResult:
    """A broker may grant a subscription and deliver nothing: HQ's state and lists are kept there, and must come."""
    lists = next(name for name in rights.of_gate(config.site.site_id, config.site.gate_id).read if name.endswith("#"))
    state = topic(Channel.HQ_STATE)
    missing = [] if rights.covers((lists,), next((t for t in arrived if "/list/" in t), "")) else [lists]
    missing += [] if state in arrived else [state]
    if not missing:
        return CheckResult("topics", CheckState.OK, "the broker lets this gate write and read all it needs")
    silent = " and ".join(missing)
    detail = f"nothing came from {silent}, although the broker took the subscription"
    todo = f"check the right to read {silent} at the broker, that HQ runs there, and that it has published"
    return CheckResult("topics", CheckState.WARNING, detail, todo)
