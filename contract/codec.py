"""Converts bytes to messages and back. Everything that arrives from outside passes through `decode`."""

import json
import re
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from contract.messages import VERSION, AnyEvent, Event, Message
from contract.topics import ROUTES, Channel

MAX_BYTES = max(route.max_bytes for route in ROUTES.values())
"""The largest payload of any channel, in bytes. `contract.topics.ROUTES` has the limit of each."""

M = TypeVar("M", bound=Message)
_MAJOR, _MINOR = VERSION.partition(".")[0], int(VERSION.partition(".")[2])
_VERSION = re.compile(rf"{_MAJOR}\.(\d{{1,9}})", re.ASCII)
_EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent, config=ConfigDict(hide_input_in_errors=True))


class BadMessage(ValueError):
    """The payload is not a message of the expected kind. The text says what is wrong."""


class NewerMessage(BadMessage):
    """The payload is of a newer minor version, with content that this version does not know. The sender made no
    mistake."""


def encode(message: Message) -> bytes:
    """Return the message as compact UTF-8 JSON."""
    return message.model_dump_json(exclude_none=True).encode()


def decode(kind: type[M], payload: bytes) -> M:
    """Return the payload as a message of `kind`.

    Raises:
        BadMessage: too large, not JSON, another major version, or fields missing or out of bounds.
        NewerMessage: the same, but a newer minor version wrote it.
    """
    _check_size(payload, MAX_BYTES)
    try:
        message = kind.model_validate_json(payload)
    except ValidationError as error:
        raise _unreadable(kind.__name__, payload, error) from error
    _check_major(message.version)
    return message


def decode_event(body: str | bytes) -> AnyEvent:
    """Return one event of any type, from the `body` of an `EventRecord`. Raises BadMessage, NewerMessage."""
    payload = _bytes_of(body)
    _check_size(payload, MAX_BYTES)
    try:
        event = _EVENT.validate_json(payload)
    except ValidationError as error:
        raise _unreadable("event", payload, error) from error
    _check_major(event.version)
    return event


def decode_event_header(body: str | bytes) -> Event:
    """Return the fields that every type of event has. Of an event from a newer version, only these can be read. Raises
    BadMessage."""
    return decode(Event, _bytes_of(body))


def check_size(channel: Channel, payload: bytes) -> None:
    """Check the size against the channel's limit. Call it first for everything that arrives. Raises BadMessage."""
    _check_size(payload, ROUTES[channel].max_bytes)


def _bytes_of(body: str | bytes) -> bytes:
    try:
        return body.encode() if isinstance(body, str) else body
    except UnicodeEncodeError as error:
        raise BadMessage(f"event: not text: {error.reason}") from error


def _check_size(payload: bytes, limit: int) -> None:
    if len(payload) > limit:
        raise BadMessage(f"{len(payload)} bytes is over the limit of {limit}")


def _unreadable(what: str, payload: bytes, error: ValidationError) -> BadMessage:
    """Return the error to raise. Problems of the form come before problems of the fields."""
    version = _checked_form(payload)
    if _is_newer(version):
        return NewerMessage(f"{what}: version {version}, this side reads {VERSION}, update it: {_summary(error)}")
    return BadMessage(f"{what}: {_summary(error)}")


def _is_newer(version: str) -> bool:
    found = _VERSION.fullmatch(version)
    return found is not None and int(found[1]) > _MINOR


def _checked_form(payload: bytes) -> str:
    """Check the form and return the version. Called only after a failure, so that a good payload is parsed once."""
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadMessage(f"expected a JSON object, got {type(data).__name__}")
    version = str(data.get("version", VERSION))
    _check_major(version)
    return version


def _check_major(version: str) -> None:
    major = version.partition(".")[0]
    if major != _MAJOR:
        raise BadMessage(f"major version {major[:20]} is not {_MAJOR}: update this side first")


def _summary(error: ValidationError) -> str:
    """Return at most three problems, without the values, which may be personal data."""
    problems = [f"{'.'.join(map(str, e['loc'])) or 'message'}: {e['msg']}" for e in error.errors()[:3]]
    more = error.error_count() - len(problems)
    return "; ".join(problems) + (f"; and {more} more" if more > 0 else "")
