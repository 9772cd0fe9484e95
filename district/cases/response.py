"""The check-lists of cases: what must be done for each kind, and with which proof. Pure."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_stubs_ext import StrPromise

from district.cases.rules import CaseKind, CaseRefused


class Proof(StrEnum):
    """What shows that a task is done."""

    NONE = "none"
    TEXT = "text"
    PHOTO = "photo"


TASKS: dict[str, StrPromise] = {
    "isolate": _("Bring the person to the isolation room"),
    "disinfect": _("Disinfect where the person was"),
    "notify": _("Notify the community and the enterprise"),
    "measure_again": _("Measure the temperature again with another thermometer"),
    "evacuate": _("Count who came out against the muster list"),
    "call_site": _("Call the site"),
    "look_at_gate": _("Look at the gate"),
}
RESPONSE: dict[CaseKind, tuple[tuple[str, Proof], ...]] = {
    CaseKind.HIT: (("isolate", Proof.PHOTO), ("disinfect", Proof.PHOTO), ("notify", Proof.TEXT)),
    CaseKind.RISK_AT_GATE: (("isolate", Proof.PHOTO), ("disinfect", Proof.PHOTO), ("notify", Proof.TEXT)),
    CaseKind.TEMPERATURE: (("measure_again", Proof.TEXT), ("isolate", Proof.TEXT), ("notify", Proof.TEXT)),
    CaseKind.DECLARATION: (("isolate", Proof.TEXT), ("notify", Proof.TEXT)),
    CaseKind.SILENT_GATE: (("call_site", Proof.TEXT),),
    CaseKind.LIST_EXPIRED: (("call_site", Proof.TEXT),),
    CaseKind.TAMPER: (("look_at_gate", Proof.PHOTO),),
    CaseKind.FIRE: (("evacuate", Proof.TEXT), ("look_at_gate", Proof.NONE)),
}
"""Kind -> tasks with their proofs, in order. A kind that is not here has no check-list."""


def check_proof(proof: Proof, said: str, photo: bytes) -> None:
    """Refuse a task as done without its proof. Raises CaseRefused."""
    if proof is Proof.PHOTO and not photo:
        raise CaseRefused(gettext_noop("Add a photo: this task is proven by one."))
    if proof is Proof.TEXT and not said.strip():
        raise CaseRefused(gettext_noop("Write what was done: this task is proven by words."))
