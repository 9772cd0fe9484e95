"""Check HQ's broker: the connection, its certificate and password, and every topic that HQ needs."""

import ipaddress
from collections.abc import Iterator, Sequence

from common.broker.access import BrokerAccess, LinkError
from common.broker.probe import ProbeResult, probe
from common.broker.rights import summary
from common.broker.server_certificate import days_left_at
from common.certificate_expiry import WARN_DAYS, days_left
from common.check_result import CheckResult, CheckState
from contract import rights
from contract.topics import ROUTES, Channel, topic
from hq.config import HqConfig
from hq.database.clock import now
from hq.mqtt import access

_PLACEHOLDER = "sitegate-check"
"""Stands for a gate where none is registered."""
_NAMED_MAX = 5


def broker(config: HqConfig, sites: Sequence[str], gates: Sequence[tuple[str, str]]) -> Iterator[CheckResult]:
    """Connect, and try every topic. `gates`: (site, gate) of those that are registered."""
    reached = access(config.broker)
    try:
        found = probe(reached, "sitegate-hq-check", read=rights.of_hq().read, write=_written(sites, gates))
    except LinkError as error:
        yield CheckResult("broker", CheckState.PROBLEM, str(error), "correct [broker] in hq.toml")
        return
    if not found.connected:
        todo = "correct the broker or [broker] in hq.toml; gates keep their events meanwhile"
        yield CheckResult("broker", CheckState.PROBLEM, found.detail, todo)
        return
    yield _connection(config, reached)
    yield _topics(found, gates)


def _written(sites: Sequence[str], gates: Sequence[tuple[str, str]]) -> list[str]:
    """Return the topics that HQ writes: of every site and registered gate, or of a placeholder."""
    down = [channel for channel, route in ROUTES.items() if not route.up]
    named = [*gates, *((site, _PLACEHOLDER) for site in sites if site not in {where for where, _ in gates})]
    return list(dict.fromkeys(topic(channel, site, gate, part=1) for site, gate in named for channel in down))


def _connection(config: HqConfig, reached: BrokerAccess) -> CheckResult:
    settings = config.broker
    if not settings.tls and not _is_here(settings.host):
        todo = "set tls = true and ca_path; sitegate-hq broker-config makes certificates"
        return CheckResult("broker", CheckState.WARNING, f"connected to {reached.where} without TLS", todo)
    connected = f"connected to {reached.where}{' with TLS' if settings.tls else ''}"
    left = days_left_at(reached, now())
    if left is not None and left < WARN_DAYS:
        detail = f"{connected}; the broker's certificate ends in {left:.0f} days"
        return CheckResult(
            "broker", CheckState.WARNING, detail, "renew it there in time: without it neither HQ nor a gate connects"
        )
    path = settings.client_cert_path
    if path is not None and (left := days_left(path, now())) < WARN_DAYS:
        detail = f"{connected}; HQ's certificate ends in {left:.0f} days"
        return CheckResult("broker", CheckState.WARNING, detail, f"renew {path}; HQ takes it at its next connection")
    return CheckResult("broker", CheckState.OK, connected)


def _topics(found: ProbeResult, gates: Sequence[tuple[str, str]]) -> CheckResult:
    if found.refused:
        todo = "docs/HQ.md, What the broker must allow; sitegate-hq broker-config writes it for mosquitto"
        return CheckResult("topics", CheckState.PROBLEM, summary(found.refused, "HQ"), todo)
    if found.unanswered:
        detail = f"the broker left {found.unanswered} attempts without an answer"
        return CheckResult("topics", CheckState.WARNING, detail, "see the broker's log; is it an MQTT 5 broker?")
    silent = [gate for site, gate in gates if topic(Channel.STATUS, site, gate) not in found.arrived]
    if gates and len(silent) == len(gates):
        detail = "nothing came from any registered gate, although the broker took the subscription"
        todo = f"check HQ's right to read {topic(Channel.STATUS)}, and that a gate was ever connected to this broker"
        return CheckResult("topics", CheckState.WARNING, detail, todo)
    if silent:
        names = ", ".join(silent[:_NAMED_MAX]) + (
            f" and {len(silent) - _NAMED_MAX} more" if silent[_NAMED_MAX:] else ""
        )
        detail = f"the broker holds no status of {names}"
        return CheckResult("topics", CheckState.WARNING, detail, "run sitegate check there: was it ever connected?")
    return CheckResult("topics", CheckState.OK, "the broker lets HQ write and read all it needs")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
