"""Short tests: which questions are asked, and whether the answers suffice. Pure."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from district.training.rules.refusals import TrainingRefused

CHOICES_MIN, CHOICES_MAX = 2, 6
_CHOICE_LENGTH = 200
_MARK = "*"


@dataclass(frozen=True)
class AskedQuestion:
    """A question as it is asked. `order`: positions of its choices, as they are shown."""

    key: int
    order: tuple[int, ...]


def read_choices(text: str) -> tuple[list[str], int]:
    """Read one choice on each line; the right one begins with a star. Return them and the right position. Raises
    TrainingRefused.
    """
    lines = [" ".join(line.split()) for line in text.replace("\0", "").splitlines()]
    lines = [line for line in lines if line]
    right = [number for number, line in enumerate(lines) if line.startswith(_MARK)]
    choices = [line.removeprefix(_MARK).strip()[:_CHOICE_LENGTH] for line in lines]
    if not CHOICES_MIN <= len(choices) <= CHOICES_MAX:
        raise TrainingRefused(
            gettext_noop("Write %(least)d to %(most)d choices, one on each line."), least=CHOICES_MIN, most=CHOICES_MAX
        )
    if len(right) != 1:
        raise TrainingRefused(gettext_noop("Put a star * before the one right choice."))
    if "" in choices or len({choice.casefold() for choice in choices}) < len(choices):
        raise TrainingRefused(gettext_noop("Two choices are the same or empty: change one."))
    return choices, right[0]


def write_choices(choices: Sequence[str], right: int) -> str:
    """Return choices as `read_choices` reads them."""
    return "\n".join(f"{_MARK} {choice}" if number == right else choice for number, choice in enumerate(choices))


def draw(questions: Mapping[int, int], asked: int, seed: str) -> tuple[AskedQuestion, ...]:
    """Draw the questions of one attempt. `questions`: key -> number of choices. The same seed draws the same."""
    chance = random.Random(seed)
    keys = sorted(questions)
    chosen = chance.sample(keys, min(asked, len(keys)))
    return tuple(AskedQuestion(key, tuple(chance.sample(range(questions[key]), questions[key]))) for key in chosen)


def passes(right: int, asked: int, percent: int) -> bool:
    """Say whether so many right answers suffice. A test without questions is passed."""
    return right * 100 >= percent * asked
