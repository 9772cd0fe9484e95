"""The present version breaks no earlier one. The checker finds each change that would."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import schema
from contract.compatible import breaches, load

ONE, TWO, NOW = (load(schema.FOLDER / f"v{version}") for version in ("1.0", "1.1", schema.VERSION))


def test_ok__the_present_version_breaks_nothing_of_1_1() -> None:
    assert breaches(TWO, NOW) == []


def test_ok__what_1_1_broke_is_what_the_document_says() -> None:
    """Lists travel in parts since 1.1, on topics of their own; all else went on."""
    assert [str(breach).partition(" was ")[0] for breach in breaches(ONE, TWO)] == [
        "channel roster: topic",
        "channel risk: topic",
        "channel policy: topic",
        "roster_snapshot.json workers[] templates: the field is gone",
        "sealed_list.json: the message is gone",
    ]


def route(new: Any, name: str = "ack") -> Any:
    return next(route for route in new["index.json"]["channels"] if route["channel"] == name)


def fields(new: Any, name: str, inside: str = "") -> Any:
    return (new[name]["$defs"][inside] if inside else new[name])["properties"]


BREAKS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "message removed": (lambda new: new.pop("health.json"), "health.json: the message is gone"),
    "field removed": (lambda new: fields(new, "ack.json").pop("epoch"), "ack.json epoch: the field is gone"),
    "nested field removed": (
        lambda new: fields(new, "event_batch.json", "EventRecord").pop("body"),
        "event_batch.json records[] body: the field is gone",
    ),
    "newly required": (
        lambda new: new["health.json"]["required"].append("camera_ok"),
        "health.json camera_ok: is required now: an older writer leaves it out",
    ),
    "new and required": (
        lambda new: (
            fields(new, "ack.json").update(more={"type": "string"}),
            new["ack.json"]["required"].append("more"),
        ),
        "ack.json more: is required now: an older writer leaves it out",
    ),
    "no longer required": (
        lambda new: new["ack.json"]["required"].remove("seq"),
        "ack.json seq: is no longer required: an older reader needs it",
    ),
    "type changed": (
        lambda new: fields(new, "ack.json")["seq"].update(type="string"),
        "ack.json seq: type was integer, is string",
    ),
    "may not be nothing any more": (
        lambda new: fields(new, "hq_state.json")["utc"]["anyOf"].pop(),
        "hq_state.json utc: may no longer be null",
    ),
    "unit of a time changed": (
        lambda new: fields(new, "ack.json")["utc"].pop("format"),
        "ack.json utc: format was date-time, is None",
    ),
    "pattern changed": (
        lambda new: fields(new, "ack.json")["epoch"].update(pattern="^x$"),
        "ack.json epoch: pattern was ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$, is ^x$",
    ),
    "lower bound raised": (
        lambda new: fields(new, "ack.json")["seq"].update(minimum=1),
        "ack.json seq: minimum was 0, is 1",
    ),
    "upper bound lowered": (
        lambda new: fields(new, "notice_event.json")["detail"].update(maxLength=499),
        "notice_event.json detail: maxLength was 500, is 499",
    ),
    "bound of a nullable field": (
        lambda new: fields(new, "access_event.json")["score"]["anyOf"][0].update(maximum=0.5),
        "access_event.json score: maximum was 1, is 0.5",
    ),
    "bound that was not there": (
        lambda new: fields(new, "health.json")["gate_state"].update(maxLength=20),
        "health.json gate_state: maxLength was none, is 20",
    ),
    "larger batches": (
        lambda new: fields(new, "event_batch.json")["records"].update(maxItems=1000),
        "event_batch.json records: maxItems was 500, is 1000: an older reader refuses all it carries",
    ),
    "default changed": (
        lambda new: fields(new, "policy_snapshot.json")["training_required"].update(default=False),
        "policy_snapshot.json training_required: default was True, is False",
    ),
    "word removed": (
        lambda new: new["notice_event.json"]["$defs"]["NoticeCode"]["enum"].remove("rex"),
        "notice_event.json code: lost the words rex",
    ),
    "free text became words": (
        lambda new: fields(new, "health.json")["gate_state"].update(enum=["open"]),
        "health.json gate_state: allows only certain words now",
    ),
    "type of event removed": (
        lambda new: new["event.json"]["oneOf"].pop(0),
        "event.json: may no longer be access_event",
    ),
    "channel removed": (lambda new: new["index.json"]["channels"].pop(2), "channel health: is gone"),
    "topic changed": (
        lambda new: route(new).update(topic="elsewhere"),
        "channel ack: topic was sitegate/v1/{site_id}/{gate_id}/ack, is elsewhere",
    ),
    "QoS changed": (lambda new: route(new).update(qos=0), "channel ack: qos was 1, is 0"),
    "retain changed": (lambda new: route(new).update(retain=False), "channel ack: retain was True, is False"),
    "protection changed": (
        lambda new: route(new).update(protection="none"),
        "channel ack: protection was signed, is none",
    ),
    "other message": (
        lambda new: route(new).update(schema="command.json"),
        "channel ack: schema was ack.json, is command.json",
    ),
    "size limit lowered": (
        lambda new: route(new).update(max_bytes=1000),
        "channel ack: carries 1000 bytes, was 4096",
    ),
}


@pytest.mark.parametrize("change", BREAKS)
def test_fail__each_kind_of_breach_is_found_and_nothing_else(change: str) -> None:
    new = copy.deepcopy(NOW)
    mutate, said = BREAKS[change]
    mutate(new)
    assert [str(breach) for breach in breaches(NOW, new)] == [said]


ALLOWED: dict[str, Callable[[Any], Any]] = {
    "optional field": lambda new: fields(new, "ack.json").update(more={"type": "string", "default": ""}),
    "message": lambda new: (
        new.update({"more.json": {"type": "object"}}),
        new["index.json"]["schemas"].update(more="more.json"),
    ),
    "channel": lambda new: new["index.json"]["channels"].append({**route(new), "channel": "more"}),
    "word": lambda new: new["notice_event.json"]["$defs"]["NoticeCode"]["enum"].append("more"),
    "type of event": lambda new: new["event.json"]["oneOf"].append({"$ref": "urn:sitegate:contract:1.3:more_event"}),
    "wider bound": lambda new: fields(new, "notice_event.json")["detail"].update(maxLength=501),
    "higher limit": lambda new: route(new).update(max_bytes=8192),
    "better text": lambda new: new["ack.json"].update(description="HQ holds these."),
}


@pytest.mark.parametrize("change", ALLOWED)
def test_ok__what_a_minor_version_may_do(change: str) -> None:
    new = copy.deepcopy(NOW)
    ALLOWED[change](new)
    assert breaches(NOW, new) == []


REQUIRED = [(name, field) for name, document in NOW.items() for field in document.get("required", ())]


@settings(max_examples=50)
@given(st.sampled_from(REQUIRED))
def test_fail__whichever_field_goes_it_is_missed(gone: tuple[str, str]) -> None:
    name, field = gone
    document = {**NOW[name], "properties": {k: v for k, v in NOW[name]["properties"].items() if k != field}}
    assert f"{name} {field}: the field is gone" in map(str, breaches(NOW, {**NOW, name: document}))


def test_ok__documents_are_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text('{"channels": [], "schemas": {}}')
    assert load(tmp_path) == {"index.json": {"channels": [], "schemas": {}}}
