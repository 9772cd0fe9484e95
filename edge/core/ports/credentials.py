"""Ports of credential readers."""

from typing import Protocol

from edge.core.domain import Claim, Frame, ReaderEntry, ReaderStatus


class CodeReader(Protocol):
    """QR codes in the camera's frames."""

    def read(self, frame: Frame) -> Claim | None:
        """Return the claim of a code that has just come into view; None if there is none, or the same as before.

        Foreign codes are ignored. Not every frame is searched.
        """


class CardReader(Protocol):
    """A card reader or PIN pad that types like a keyboard, read by a separate thread."""

    def start(self) -> None: ...

    def entries(self) -> list[ReaderEntry]:
        """Return the entries since the last call, oldest first."""

    def keys(self) -> int:
        """Return how many keys a person has pressed so far. A card that types counts as one."""

    def status(self) -> ReaderStatus: ...

    def close(self) -> None:
        """Release the device. May be called twice."""


class PinCodeCheck(Protocol):
    """Compares a PIN code with its stored form, which takes longer than a frame may wait."""

    def ask(self, pin: str, stored: str) -> None:
        """Start a comparison. A question without an answer yet is dropped."""

    def answer(self) -> bool | None:
        """Return once per question whether the PIN was right. None: no question, or no answer yet."""

    def close(self) -> None: ...
