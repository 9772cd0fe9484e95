"""What a link asks before it opens a phone, and how a name is shown before that. Pure."""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256

WRONG_MAX = 5
"""So many wrong answers end a link: a guess at four digits must stay unlikely."""
LINK_DAYS = 14
PHONE_DAYS = timedelta(days=180)
"""A phone that was not used for so long is asked for a new link."""


class Question(StrEnum):
    """What a link asks. A printed link may be found, or photographed by a colleague."""

    DOCUMENT = "document"
    """The last four characters of the id card."""
    BIRTH = "birth"
    """Month and day of birth, as four digits."""
    NONE = ""
    """Nothing is known that could be asked."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about the person: numbers of id documents, and the date of birth."""

    documents: Sequence[str] = ()
    birth: date | None = None

    @property
    def question(self) -> Question:
        if self.documents:
            return Question.DOCUMENT
        return Question.BIRTH if self.birth else Question.NONE

    def agrees(self, answer: str) -> bool:
        """Say whether an answer is right. Compares in constant time."""
        if self.question is Question.NONE:
            return True
        typed = re.sub(r"[\s./-]", "", answer.translate(_WIDE)).upper()[:12]
        if self.question is Question.DOCUMENT:
            wanted = [number.strip().upper()[-4:] for number in self.documents]
        else:
            wanted = [f"{self.birth:%m%d}"]
        return any(hmac.compare_digest(typed.encode(), one.encode()) for one in wanted)


_WIDE = {0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF38: "X", 0xFF58: "x"}
"""Full-width digits, which Chinese keyboards type."""


def new_secret() -> str:
    """Return a secret of 160 bits, in letters and digits that a QR code packs well."""
    return secrets.token_hex(20)


def hash_of(secret: str) -> str:
    """Return what the database keeps of a secret. It is random: a plain hash cannot be guessed."""
    return sha256(secret.encode()).hexdigest()


def masked(name: str) -> str:
    """Return a name as a stranger may see it: the first sign, and stars."""
    name = name.strip()
    return name[:1] + "*" * min(len(name) - 1, 3) if len(name) > 1 else name
