"""Bytes to message and back. Everything that arrives from outside passes through `decode`."""

import json
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from contract.messages import VERSION, AnyEvent, Message

MAX_BYTES = 4 * 1024 * 1024
"""A larger payload is refused before it is parsed. Lists of any size travel in parts far below it."""

M = TypeVar("M", bound=Message)
_EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


class BadMessage(ValueError):
    """A payload that is no message of the expected kind; the text says what is wrong with it."""


def encode(message: Message) -> bytes:
    """The message as compact UTF-8 JSON."""
    return message.model_dump_json(exclude_none=True).encode()


def decode(kind: type[M], payload: bytes) -> M:
    """The payload as a message of `kind`.

    Raises:
        BadMessage: too large, not JSON, another major version, or fields missing or out of bounds.
    """
    _check_size(payload)
    try:
        message = kind.model_validate_json(payload)
    except ValidationError as error:
        _check_form(payload)
        raise BadMessage(f"{kind.__name__}: {_summary(error)}") from error
    _check_major(message.version)
    return message


def decode_event(body: str | bytes) -> AnyEvent:
    """One event of any type, from the `body` of an `EventRecord`. Raises BadMessage."""
    try:
        payload = body.encode() if isinstance(body, str) else body
    except UnicodeEncodeError as error:
        raise BadMessage(f"event: not text: {error.reason}") from error
    _check_size(payload)
    try:
        event = _EVENT.validate_json(payload)
    except ValidationError as error:
        _check_form(payload)
        raise BadMessage(f"event: {_summary(error)}") from error
    _check_major(event.version)
    return event


def _check_size(payload: bytes) -> None:
    if len(payload) > MAX_BYTES:
        raise BadMessage(f"{len(payload)} bytes is over the limit of {MAX_BYTES}")


def _check_form(payload: bytes) -> None:
    """What is wrong with a payload before its fields are: only looked for once something is, a good one is parsed once."""
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadMessage(f"expected a JSON object, got {type(data).__name__}")
    _check_major(str(data.get("version", VERSION)))


def _check_major(version: str) -> None:
    major, ours = version.partition(".")[0], VERSION.partition(".")[0]
    if major != ours:
        raise BadMessage(f"major version {major[:20]} is not {ours}: update this side first")


def _summary(error: ValidationError) -> str:
    """At most three problems, without the values (they may be personal data)."""
    problems = [f"{'.'.join(map(str, e['loc'])) or 'message'}: {e['msg']}" for e in error.errors()[:3]]
    more = error.error_count() - len(problems)
    return "; ".join(problems) + (f"; and {more} more" if more > 0 else "")
