"""Turn a typed line into a step of a story. Pure."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from edge.tools.stories.line import Step, StoryError
from edge.tools.stories.steps import (
    AdmitStep,
    BreaksStep,
    CardStep,
    CodeStep,
    DeskStep,
    PeopleStep,
    PersonStep,
    PinStep,
    RestartStep,
    SensorStep,
    TemperatureStep,
    WorksStep,
)
from edge.tools.stories.story import Story

SIGHTS = {"far": "too_far", "dark": "too_dark", "blurred": "blurred", "turned": "turned_away"}


@dataclass(frozen=True, slots=True)
class Context:
    """What a line may refer to. `now_s`: seconds since the beginning; `number`: of this line."""

    story: Story
    now_s: float
    number: int


Reader = Callable[[Context, list[str]], Step]


def step_of(line: str, context: Context) -> Step:
    """Return the step that a line means. Raises StoryError with what can be typed instead."""
    try:
        word, *rest = shlex.split(line)
    except ValueError as error:
        raise StoryError(f"{error}: close the quotation mark") from error
    if word not in WORDS:
        raise StoryError(f"{word!r} is not a word here: type help")
    usage, _, reader = WORDS[word]
    try:
        return reader(context, rest)
    except (IndexError, ValidationError) as error:
        raise StoryError(f"type: {usage}") from error


def _worker(context: Context, name: str) -> str:
    known = [worker.id for worker in context.story.worker]
    if name not in known:
        raise StoryError(f"there is no worker {name!r}; there are {', '.join(known)}")
    return name


def _card(context: Context, rest: list[str]) -> Step:
    cards = {worker.id: worker.card for worker in context.story.worker}
    return CardStep(at=context.now_s, card=cards.get(rest[0]) or rest[0])


def _pin(context: Context, rest: list[str]) -> Step:
    return PinStep(at=context.now_s, pin=rest[0])


def _face(context: Context, rest: list[str]) -> Step:
    who = rest[0] if rest[0] in ("nobody", "stranger") else _worker(context, rest[0])
    sight = SIGHTS[rest[1]] if rest[1:] and rest[1] in SIGHTS else None
    return PersonStep.model_validate({"at": context.now_s, "person": who, "sight": sight})


def _faces(context: Context, rest: list[str]) -> Step:
    return PeopleStep(at=context.now_s, people=tuple(_worker(context, name) for name in rest))


def _leave(context: Context, rest: list[str]) -> Step:
    return PersonStep(at=context.now_s, person="nobody")


def _code(context: Context, rest: list[str]) -> Step:
    return CodeStep(at=context.now_s, code=_worker(context, rest[0]), id=f"typed-{context.number}")


def _pass(context: Context, rest: list[str]) -> Step:
    return SensorStep(at=context.now_s, sensor="passage_out" if rest[:1] == ["out"] else "passage")


def _input(context: Context, rest: list[str]) -> Step:
    return SensorStep.model_validate({"at": context.now_s, "sensor": rest[0], "turns": rest[1]})


def _fire(context: Context, rest: list[str]) -> Step:
    return _input(context, ["fire", rest[0]])


def _admit(context: Context, rest: list[str]) -> Step:
    return AdmitStep(at=context.now_s, admit=_worker(context, rest[0]), why=" ".join(rest[1:]) or "known to me")


def _lock(context: Context, rest: list[str]) -> Step:
    return DeskStep(at=context.now_s, desk="lock_down")


def _release(context: Context, rest: list[str]) -> Step:
    return DeskStep(at=context.now_s, desk="release_lock_down")


def _temperature(context: Context, rest: list[str]) -> Step:
    return TemperatureStep.model_validate({"at": context.now_s, "temperature": rest[0]})


def _break(context: Context, rest: list[str]) -> Step:
    return BreaksStep.model_validate({"at": context.now_s, "breaks": rest[0]})


def _repair(context: Context, rest: list[str]) -> Step:
    return WorksStep.model_validate({"at": context.now_s, "works": rest[0]})


def _restart(context: Context, rest: list[str]) -> Step:
    return RestartStep.model_validate({"at": context.now_s, "restart": rest[0] if rest else "orderly"})


WORDS: Mapping[str, tuple[str, str, Reader]] = {
    "card": ("card NUMBER or WORKER", "a card is held to the reader", _card),
    "pin": ("pin NUMBER", "a PIN is typed, after the card", _pin),
    "face": ("face WORKER [far|dark|blurred|turned]; face stranger", "somebody stands before the camera", _face),
    "faces": ("faces WORKER WORKER", "two stand before the camera", _faces),
    "leave": ("leave", "the person walks away", _leave),
    "code": ("code WORKER", "a QR code of HQ is held to the camera", _code),
    "pass": ("pass [out]", "somebody walks through", _pass),
    "admit": ("admit WORKER WHY", "the guard admits by hand", _admit),
    "lock": ("lock", "the desk locks the gate down", _lock),
    "release": ("release", "the desk ends the lock-down", _release),
    "fire": ("fire on|off", "the fire panel", _fire),
    "input": ("input NAME on|off", "any other input, by the name of its pin", _input),
    "temperature": ("temperature 36.6", "what the thermometer reads", _temperature),
    "break": ("break camera|disk|recognition|relay", "a part fails", _break),
    "repair": ("repair camera|disk|recognition|relay", "the part works again", _repair),
    "restart": ("restart [power_cut]", "the gate process ends and starts again", _restart),
}
"""Each word with how it is typed, what it means, and who reads it."""
