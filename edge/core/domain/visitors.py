"""Visitors: people without a place on the roster, whom a guard registers for a few hours."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contract.messages import Sha256, Utc
from contract.messages.directory import Name, Phone

VISIT_MAX = timedelta(hours=24)
"""The longest visit. The gate refuses a longer one."""
BADGE_PREFIX = "SGV1:"
VISITOR_PREFIX = "visitor-"
_BADGE_BYTES = 20

VisitorId = Annotated[str, Field(pattern=r"^visitor-[0-9a-f]{12}$")]
"""Opaque: the name stays in the desk's file."""

VISITOR, VISITOR_LEFT = "visitor", "visitor_left"
"""Kinds of desk requests."""


@dataclass(frozen=True, slots=True)
class VisitorPass:
    """What admits a visitor: an opaque id, the digest of a badge's text, and times. The gate never learns the name."""

    visitor_id: str
    badge: str
    from_utc: datetime
    until_utc: datetime

    @property
    def ref(self) -> str:
        """The journal's key of this registration. Any change of the pass is another registration."""
        text = "\n".join((self.visitor_id, self.badge, self.from_utc.isoformat(), self.until_utc.isoformat()))
        return f"{VISITOR}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


class VisitorRequest(BaseModel):
    """Body of a desk request of kind "visitor": a guard registers a visitor's pass. It holds no name."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    by: str = Field(min_length=1, max_length=40)
    visitor_id: VisitorId
    badge: Sha256
    from_utc: Utc
    until_utc: Utc
    asked_utc: Utc

    @property
    def visitor_pass(self) -> VisitorPass:
        return VisitorPass(self.visitor_id, self.badge, self.from_utc, self.until_utc)


class VisitorLeftRequest(BaseModel):
    """Body of a desk request of kind "visitor_left": a guard records that a visitor left the site."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    by: str = Field(min_length=1, max_length=40)
    visitor_id: VisitorId
    asked_utc: Utc


class VisitorDetails(BaseModel):
    """What a guard writes down about a visitor. It stays in the desk's file, and is forgotten some days later."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)

    name: Annotated[Name, Field(min_length=1)]
    company: Name = ""
    phone: Phone = ""
    host: Annotated[Name, Field(min_length=1)]
    """Whom the visitor visits: a worker's id, or a name."""
    purpose: Annotated[Name, Field(min_length=2)]
    """Two characters are a word in Chinese."""
    badge_number: Annotated[Name, Field(max_length=20)] = ""
    """Printed on the badge that the visitor wears."""


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """A registered visitor: the pass, what was written down, who registered them, and who ended the visit, if over."""

    visitor_pass: VisitorPass
    details: VisitorDetails
    by: str
    created_utc: datetime
    ended_utc: datetime | None = None
    ended_by: str = ""

    @property
    def visitor_id(self) -> str:
        return self.visitor_pass.visitor_id


def is_visitor(worker_id: str) -> bool:
    """Say whether an id is a visitor's."""
    return worker_id.startswith(VISITOR_PREFIX)


def new_visitor_id() -> str:
    return f"{VISITOR_PREFIX}{secrets.token_hex(6)}"


def new_badge() -> str:
    """Return the text of a new badge's QR code. Its 160 random bits are all that admits the visitor."""
    return BADGE_PREFIX + base64.b32encode(secrets.token_bytes(_BADGE_BYTES)).decode()


def badge_digest(text: str) -> str:
    """Return the SHA-256 (hex) of a badge's text. Files and journal hold only this."""
    return hashlib.sha256(text.encode()).hexdigest()
