"""The table of signs in docs/OPERATIONS.md says what the code does."""

from pathlib import Path

from contract.messages import Advice, Reason
from edge.core.domain import Tone
from edge.tools.docs.marks import renewed
from edge.tools.docs.signs import MAKER, table, tone_of

OPERATIONS = Path(__file__).parents[2] / "docs" / "OPERATIONS.md"


def test_ok__the_page_is_in_step() -> None:
    page = OPERATIONS.read_text(encoding="utf-8")
    assert renewed(page, MAKER, table()) == page, "run: python -m edge.tools.docs.signs docs/OPERATIONS.md"


def test_ok__nothing_is_left_out() -> None:
    made = table()
    assert all(f"| `{word.value}` |" in made for word in (*Advice, *Reason))


def test_fail__a_refusal_is_never_shown_as_go() -> None:
    assert {advice for advice in Advice if tone_of(advice) is Tone.GO} == {Advice.WALK_THROUGH}
