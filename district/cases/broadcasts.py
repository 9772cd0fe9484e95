"""Publish steps of cases to an MQTT broker, at least once, without names and titles."""

import json
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings

from common.broker.access import BrokerAccess, KeyNames, LinkError
from common.broker.link import BrokerLink
from common.broker.session import Publication
from common.text_files import read_text
from district.cases.models import CaseBroadcast, CaseStep
from district.config import BrokerConfig
from district.places.models import Project

log = structlog.get_logger()

AT_ONCE = 100
WAIT_S = 10.0
"""So long the broker may take to accept, and to answer."""
NAMES = KeyNames("broker", "the district", "host", "port", "another worker of this district")


def publish_steps() -> bool:
    """Publish what waits, and forget what the broker has. Return whether more may wait."""
    config: BrokerConfig = settings.BROKER
    rows = list(CaseBroadcast.objects.select_related("step__case__place").order_by("pk")[:AT_ONCE])
    if not rows:
        return False
    if not config.host:
        CaseBroadcast.objects.all().delete()  # nobody hears of it any more
        return False
    taken = _published(config, [(row.pk, *_message(config, row.step)) for row in rows])
    CaseBroadcast.objects.filter(pk__in=taken).delete()
    return len(taken) == AT_ONCE


def _published(config: BrokerConfig, messages: Sequence[tuple[int, str, bytes]]) -> list[int]:
    """Return the keys of those that the broker has. It is tried again later for the others."""
    taken: list[int] = []
    try:
        link = BrokerLink(access_of(config), f"district-cases-{uuid4().hex[:8]}", [])
    except LinkError as error:
        log.error("cases_not_published", detail=str(error))
        return taken
    link.start()
    try:
        if not _wait(lambda: link.state.connected):
            log.warning("cases_not_published", detail=link.state.detail)
            return taken

        def take(key: int) -> Any:
            def note(code: int, _reason: str) -> None:
                if code < 128:
                    taken.append(key)

            return note

        sent = [key for key, topic, body in messages if link.publish(Publication(topic, body, 1, False), take(key))]
        _wait(lambda: len(taken) == len(sent))
    finally:
        link.close()
    return list(taken)


def access_of(config: BrokerConfig) -> BrokerAccess:
    """Return how the broker is reached. Paths are relative to the district's folder."""
    district = settings.CONFIG

    def path(given: Any) -> Any:
        return given if given is None or district is None else district.path(given)

    def password() -> str:
        try:
            return read_text(path(config.password_path)).strip() if config.password_path else ""
        except OSError as error:
            raise LinkError(f"broker.password_path: {config.password_path}: {error.strerror}") from error

    return BrokerAccess(
        names=NAMES,
        host=config.host,
        port=config.port,
        tls=config.tls,
        ca_path=path(config.ca_path),
        client_cert_path=path(config.client_cert_path),
        client_key_path=path(config.client_key_path),
        username=config.username,
        password=password,
        keepalive_s=30,
        connect_timeout_s=WAIT_S,
    )


def _message(config: BrokerConfig, step: CaseStep) -> tuple[str, bytes]:
    data = step_data(step)
    topic = f"{config.topic}/{data['site_id']}" if data["site_id"] else config.topic
    return topic, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def step_data(step: CaseStep) -> dict[str, Any]:
    """Return what other programs hear of a step. A case that is kept from the site names no site."""
    case = step.case
    site = (
        None if case.discreet else Project.objects.filter(place=case.place_id).values_list("site_id", flat=True).first()
    )
    due = case.next_due
    return {
        "what": step.action,
        "case_id": case.pk,
        "kind": case.kind,
        "state": step.state,
        "site_id": site or "",
        "place": "" if case.discreet else case.place.name,
        "utc": step.at.isoformat(),
        "due": due.isoformat() if due else None,
    }


def _wait(true: Any) -> bool:
    until = time.monotonic() + WAIT_S
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
