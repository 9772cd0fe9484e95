"""Decide which steps an application can take."""

from enum import StrEnum

from django.utils.translation import gettext_noop

from district.support.rules.refusals import SupportRefused


class ApplicationState(StrEnum):
    """Where an application stands."""

    SENT = "sent"
    ASKED = "asked"
    """The office waits for an answer or a document of the enterprise."""
    GRANTED = "granted"
    REFUSED = "refused"
    PAID = "paid"
    WITHDRAWN = "withdrawn"


_S = ApplicationState
NEXT: dict[ApplicationState, frozenset[ApplicationState]] = {
    _S.SENT: frozenset({_S.ASKED, _S.GRANTED, _S.REFUSED, _S.WITHDRAWN}),
    _S.ASKED: frozenset({_S.SENT, _S.REFUSED, _S.WITHDRAWN}),
    _S.GRANTED: frozenset({_S.PAID}),
    _S.REFUSED: frozenset(),
    _S.PAID: frozenset(),
    _S.WITHDRAWN: frozenset(),
}
OPEN = (_S.ASKED.value, _S.SENT.value)
"""An enterprise has one such application for a measure at most."""


def check_step(now: ApplicationState, then: ApplicationState) -> None:
    """Refuse a step that the state does not allow. Raises SupportRefused."""
    if then not in NEXT[now]:
        raise SupportRefused(gettext_noop("Somebody has changed this application meanwhile: look at it again."))


def check_words(text: str) -> str:
    """Return a reason in one line. Raises SupportRefused if it says nothing."""
    line = " ".join(text.replace("\0", "").split())
    if len(line) < 2:
        raise SupportRefused(gettext_noop("Write the reason: the enterprise reads it."))
    return line[:500]
