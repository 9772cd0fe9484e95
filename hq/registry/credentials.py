"""Workers as people write them: names, QR codes, cards and PINs. No card number and no PIN is ever stored."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, field_validator, model_validator

from contract.code import VALID_MAX, Code, make
from contract.credentials import CARD_PATTERN, card_digest, hash_pin_code
from contract.messages import DirectoryEntry, TrainingStep, WorkerRecord
from contract.training_code import TrainingCode, make_training_code
from hq.keys.keys import HqKeys

_DIRECTORY = ("name", "team", "phone", "greeting")
_UNSEEN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
"""Unicode categories of signs that are not visible: controls, directions of writing, private ones, line ends."""
_JOINERS = "\u200c\u200d"
"""Some scripts need them inside a name."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


class BadCredential(ValueError):
    """A worker that HQ does not know, or a code, card or PIN that cannot be issued. The text says why."""


class WrittenWorker(WorkerRecord):
    """A worker as people write one: with `card` and PIN instead of their digests, and with a name.

    `card`: one number or several, as the reader gives them. The PIN has 4 to 12 digits. A card is known at the sites of
    the same entry. `name`, `team`, `phone`, `greeting`: for the directory. They never enter the record that goes to
    gates. `greeting`: a short name that the worker lets the lane show.
    """

    card: str | tuple[str, ...] | None = Field(default=None, exclude=True)
    """Only read, never stored: it is empty once the entry has been read."""
    name: str | None = Field(default=None, max_length=80, exclude=True, repr=False)
    team: str | None = Field(default=None, max_length=80, exclude=True, repr=False)
    phone: str | None = Field(default=None, max_length=40, exclude=True, repr=False)
    greeting: str | None = Field(default=None, max_length=20, exclude=True, repr=False)

    @field_validator(*_DIRECTORY)
    @classmethod
    def _one_line(cls, text: str | None) -> str | None:
        """Remove surplus blanks. Refuse characters that cannot be shown, or that change how others are shown."""
        plain = " ".join((text or "").split())
        if not plain.isprintable() and any(
            unicodedata.category(sign) in _UNSEEN and sign not in _JOINERS for sign in plain
        ):
            raise ValueError("holds a character that cannot be seen: type it again instead of copying it")
        return plain or None

    @property
    def directory_entry(self) -> DirectoryEntry | None:
        """Return what was written for the directory; None if none of it was mentioned."""
        written = {field: getattr(self, field) for field in _DIRECTORY if field in self.model_fields_set}
        return DirectoryEntry(worker_id=self.worker_id, **written) if written else None

    @model_validator(mode="before")
    @classmethod
    def _hashed(cls, data: Any) -> Any:
        if isinstance(data, WrittenWorker):
            return data
        if isinstance(data, WorkerRecord):
            return data.model_dump(exclude_unset=True)  # what was not mentioned stays unmentioned
        if not isinstance(data, dict):
            return data
        done = dict(data)
        if (numbers := done.pop("card", None)) is not None:
            done["cards"] = digests([numbers] if isinstance(numbers, str) else numbers, done.get("sites", ()))
        if isinstance(pin := done.get("pin"), int | float):
            raise BadCredential("pin is a number: write it in quotes, with its leading zeros")
        if isinstance(pin, str) and "$" not in pin:
            done["pin"] = hash_pin_code(pin)
        return done


def digests(numbers: Any, sites: Any) -> tuple[str, ...]:
    """Make one digest for each card and site. Raises BadCredential."""
    if isinstance(numbers, int | float) or (isinstance(numbers, list | tuple) and not _texts(numbers)):
        raise BadCredential("card is a number: write it in quotes, as the reader gives it, with its leading zeros")
    if not isinstance(numbers, list | tuple) or not isinstance(sites, list | tuple):
        raise BadCredential("card is one number in quotes or a list of them, sites a list of ids")
    cards = [number.strip() for number in numbers]
    if wrong := [card for card in cards if not re.fullmatch(CARD_PATTERN, card)]:
        raise BadCredential(f"{len(wrong)} card number(s) are not 1 to 32 digits")
    if not sites:
        raise BadCredential("a card is known at the worker's sites: name them as well")
    return tuple(card_digest(site, card) for card in cards for site in sites)


def _texts(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def duration(text: str) -> timedelta:
    """Read a duration such as "90s", "15m" or "2h". Raises BadCredential."""
    found = re.fullmatch(r"([0-9]{1,5})([smh])", text.strip())
    if found is None:
        raise BadCredential(f"{text!r} is no duration: write 90s, 15m or 2h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def found(worker: WorkerRecord | None, worker_id: str) -> WorkerRecord:
    """Return the worker, if there is one. Raises BadCredential."""
    if worker is None:
        raise BadCredential(f"{worker_id} is not among the workers: sitegate-hq import")
    return worker


def pin_digest(pin: str) -> str:
    """Make the digest of a PIN. Raises BadCredential if it is not 4 to 12 digits."""
    try:
        return hash_pin_code(pin)
    except ValueError as error:
        raise BadCredential(str(error)) from error


def code_text(worker: WorkerRecord, site_id: str | None, valid: timedelta, keys: HqKeys, now: datetime) -> str:
    """Make the text of a QR code for one of the worker's sites; None: for all of them. Raises BadCredential."""
    if site_id is not None and site_id not in worker.sites:
        raise BadCredential(
            f"{worker.worker_id} is not assigned to {site_id}, but to {', '.join(worker.sites) or 'none'}"
        )
    if not timedelta(0) < valid <= VALID_MAX:
        raise BadCredential(f"a code is valid for at most {VALID_MAX.total_seconds() / 3600:g} hours")
    issued = now.replace(microsecond=0)
    return make(Code(worker.worker_id, site_id or "", issued, issued + valid), keys.signing)


def training_code_text(
    session_id: str, step: TrainingStep, worker_id: str, site_id: str, valid: timedelta, keys: HqKeys, now: datetime
) -> str:
    """Make the text of a QR code that proves a step of a training. It opens nothing. Raises BadCredential.

    `worker_id`: "" for the code of a class, where the face names the worker. `site_id`: "" for any site.
    """
    issued = now.replace(microsecond=0)
    try:
        code = TrainingCode(session_id, step, worker_id, site_id, issued, issued + valid)
        return make_training_code(code, keys.signing)
    except ValueError as error:
        raise BadCredential(str(error)) from error
