"""Bytes to message and back. Everything that arrives from outside passes through `decode`."""

import json
import re
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from contract.messages import VERSION, AnyEvent, Event, Message
from contract.topics import ROUTES, Channel

MAX_BYTES = max(route.max_bytes for route in ROUTES.values())
"""No payload of any channel is larger; the limit of each is in `contract.topics.ROUTES`."""

M = TypeVar("M", bound=Message)
_MAJOR, _MINOR = VERSION.partition(".")[0], int(VERSION.partition(".")[2])
_VERSION = re.compile(rf"{_MAJOR}\.(\d{{1,9}})", re.ASCII)
_EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent, config=ConfigDict(hide_input_in_errors=True))


class BadMessage(ValueError):
    """A payload that is no message of the expected kind; the text says what is wrong with it."""


class NewerMessage(BadMessage):
    """A payload of a newer minor version that says something this version has no word for: no fault of the sender's."""


def encode(message: Message) -> bytes:
    """The message as compact UTF-8 JSON."""
    return message.model_dump_json(exclude_none=True).encode()


def decode(kind: type[M], payload: bytes) -> M:
    """The payload as a message of `kind`.

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
    """One event of any type, from the `body` of an `EventRecord`. Raises BadMessage, NewerMessage."""
    payload = _bytes_of(body)
    _check_size(payload, MAX_BYTES)
    try:
        event = _EVENT.validate_json(payload)
    except ValidationError as error:
        raise _unreadable("event", payload, error) from error
    _check_major(event.version)
    return event


def decode_event_header(body: str | bytes) -> Event:
    """What every event says, whatever its type: all that can be read of one from a newer version. Raises BadMessage."""
    return decode(Event, _bytes_of(body))


def check_size(channel: Channel, payload: bytes) -> None:
    """Raises BadMessage for more than the channel may carry. To be asked of whatever arrives, before anything else."""
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
    """The error to raise: what is wrong with the form is told before what is wrong with the fields."""
    version = _checked_form(payload)
    if _is_newer(version):
        return NewerMessage(f"{what}: version {version}, this side reads {VERSION}, update it: {_summary(error)}")
    return BadMessage(f"{what}: {_summary(error)}")


def _is_newer(version: str) -> bool:
    found = _VERSION.fullmatch(version)
    return found is not None and int(found[1]) > _MINOR


def _checked_form(payload: bytes) -> str:
    """The version of a payload that can be one of ours: only looked at once something is wrong, a good one is parsed once."""
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
    """At most three problems, without the values (they may be personal data)."""
    problems = [f"{'.'.join(map(str, e['loc'])) or 'message'}: {e['msg']}" for e in error.errors()[:3]]
    more = error.error_count() - len(problems)
    return "; ".join(problems) + (f"; and {more} more" if more > 0 else "")
