"""The codes that prove training at a gate. HQ signs them; they open nothing."""

from datetime import timedelta

from district.exchange.door import hq_door
from district.phones.codes import ShownCode, shown_code
from district.training.models import ClassSession, Learning
from district.training.rules import Step

CODE_VALID = timedelta(minutes=15)
_SAME_S = 50
"""A page that asks again within this time gets the same code."""


def code_of_learning(learning: Learning) -> ShownCode:
    """Return the code of a passed course, for its worker alone. Raises HqAway, HqRefused."""
    return _code(learning.session_name, Step.PROOF, learning.person.worker_id, "")


def code_in_class(session: ClassSession, step: Step, worker_id: str = "") -> ShownCode:
    """Return the code of a class for the terminal, or for one worker whom a guard confirms. Raises HqAway,
    HqRefused.
    """
    return _code(session.session_name, step, worker_id, session.project.site_id)


def _code(name: str, step: Step, worker_id: str, site_id: str) -> ShownCode:

    def make() -> str:
        return hq_door().training_code(name, step.value, CODE_VALID, worker_id=worker_id, site_id=site_id)

    return shown_code(f"training-code-{name}-{step.value}-{worker_id}", make, valid=CODE_VALID, same_s=_SAME_S)
