"""Ports of credential readers."""

from typing import Protocol

from edge.core.domain import Claim, Frame, ReaderEntry, ReaderStatus


class CodeReader(Protocol):
    """QR codes in the camera's frames."""

    def read(self, frame: Frame) -> Claim | None:
        """What a code claims that has just come into view; None if there is none, or the same one as before. Codes that
        are not ours are nothing at all. Not every frame is looked into."""


class CardReader(Protocol):
    """A card reader or PIN pad that types like a keyboard, with a thread of its own."""

    def start(self) -> None: ...

    def entries(self) -> list[ReaderEntry]:
        """What was entered since the last call, oldest first."""

    def status(self) -> ReaderStatus: ...

    def close(self) -> None:
        """Let go of the device; may be called twice."""


class PinCodeCheck(Protocol):
    """Compares a PIN with its stored form, which takes longer than a frame may wait."""

    def ask(self, pin: str, stored: str) -> None:
        """Begin; a question not yet answered is dropped."""

    def answer(self) -> bool | None:
        """Once per question: whether the PIN was right. None: nothing asked, or not known yet."""

    def close(self) -> None: ...
