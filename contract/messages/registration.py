"""How HQ gets a gate's keys."""

from typing import Literal

from pydantic import Field

from contract.messages.base import Id, Message, PublicKey, Sha256, Text, Utc


class Registration(Message):
    """A gate sends its public keys to HQ. `proof`: HMAC-SHA256 over all bytes before it, in hex; always the last field.
    Its key is made of HQ's one-time code (`contract.identity.code_key`)."""

    type: Literal["registration"] = "registration"
    gate_id: Id
    site_id: Id
    gate_key: PublicKey
    """Signs the messages of the gate process: events."""
    link_key: PublicKey
    """Signs the messages of the network process: status, health, requests."""
    software: str = Field(default="", max_length=40)
    utc: Utc
    proof: Sha256 | None = None


class RegistrationAnswer(Message):
    """HQ's answer to a `Registration`. `registration`: SHA-256 of that message, so that an answer counts for no other
    one."""

    type: Literal["registration_answer"] = "registration_answer"
    gate_id: Id
    registration: Sha256
    accepted: bool
    reason: Text = ""
    utc: Utc
