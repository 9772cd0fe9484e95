"""The parts of every message: the version of the contract, the kinds of values, and the base class."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

VERSION = "1.4"


def _as_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone, for example 2026-11-21T06:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time outside the years 1 to 9999") from error


Utc = Annotated[datetime, AfterValidator(_as_utc)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""The first 16 hex digits of the SHA-256 of a raw public key."""
PublicKey = Annotated[bytes, Field(min_length=32, max_length=32)]
"""A raw Ed25519 public key."""
Signature = Annotated[bytes, Field(min_length=64, max_length=64)]
"""Ed25519 (RFC 8032)."""
Text = Annotated[str, Field(max_length=500)]


class Message(BaseModel):
    """The base class of all messages: frozen, ignores unknown fields."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64"
    )

    version: str = Field(default=VERSION, pattern=r"^\d+\.\d+$")
