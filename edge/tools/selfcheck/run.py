"""Ask all questions in order."""

from collections.abc import Callable, Iterator

from common.check_result import CheckResult, CheckState
from edge.core.config import Config
from edge.devices.pin_fault import library_errors
from edge.tools.selfcheck.devices import broker, camera, gate_is_running, pins, thermometer, ways_in
from edge.tools.selfcheck.installation import clock, disk, keys, secrets, weights
from edge.tools.selfcheck.recognition import lists, liveness, look_alikes, own_scores, threshold
from edge.tools.selfcheck.topics import topics


def ask_all(config: Config) -> Iterator[CheckResult]:
    """Answer all questions, one result each, as they are answered."""
    running = gate_is_running(config)
    asked = (clock, disk, keys, secrets, weights, liveness, lists, threshold, own_scores, look_alikes)
    questions: tuple[Callable[[Config], CheckResult], ...] = asked
    yield from (_asked(question, config) for question in questions)
    if running:
        yield CheckResult("camera", CheckState.OK, "in use by the running gate")
        yield CheckResult("pins", CheckState.OK, "in use by the running gate")
        yield CheckResult("ways in", CheckState.OK, "in use by the running gate")
    else:
        yield from (_asked(question, config) for question in (camera, pins, ways_in))
    if config.temperature.sensor != "off":
        yield _asked(thermometer, config)
    reached = _asked(broker, config)
    yield reached
    if reached.state is not CheckState.PROBLEM:
        yield from _topics(config)


def _asked(question: Callable[[Config], CheckResult], config: Config) -> CheckResult:
    """Answer one question. An error of a library, the disk or a device does not stop the other questions."""
    try:
        return question(config)
    except library_errors() as error:
        name = question.__name__.replace("_", " ")
        return CheckResult(name, CheckState.PROBLEM, f"cannot be answered: {error}", "see journalctl and dmesg")


def _topics(config: Config) -> Iterator[CheckResult]:
    try:
        yield from topics(config)
    except library_errors() as error:
        yield CheckResult("topics", CheckState.PROBLEM, f"cannot be answered: {error}", "see journalctl")
