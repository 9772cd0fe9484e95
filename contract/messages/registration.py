"""How HQ learns a gate's keys."""

from typing import Literal

from pydantic import Field

from contract.messages.base import Id, Message, PublicKey, Sha256, Text, Utc


class Registration(Message):
    """A gate shows its public keys to HQ. `proof` is HMAC-SHA256 over all bytes before it, with the key that
    `contract.identity.code_key` makes of HQ's one-time code. It is the last field, in hex."""

    type: Literal["registration"] = "registration"
    gate_id: Id
    site_id: Id
    gate_key: PublicKey
    """Signs what the gate process says: events."""
    link_key: PublicKey
    """Signs what the network process says: status, health, requests."""
    software: str = Field(default="", max_length=40)
    utc: Utc
    proof: Sha256 | None = None


class RegistrationAnswer(Message):
    """What became of a `Registration`. `registration`: SHA-256 of the message that is answered,
    so that no answer counts for another one, such as one of before."""

    type: Literal["registration_answer"] = "registration_answer"
    gate_id: Id
    registration: Sha256
    accepted: bool
    reason: Text = ""
    utc: Utc
