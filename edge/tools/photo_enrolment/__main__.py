"""Read requests from standard input and answer on standard output, in bounded memory, until the input ends.

A photo that ends this process costs HQ that photo: HQ starts another one (`hq.photos`).
"""

import os
import resource
import sys
from typing import BinaryIO

from common.memory import keep_private
from common.photo_messages import PhotoRequest, line
from common.processes import ended_by_signals
from common.uncaught import shown_without_values
from edge.core.config import MatcherConfig
from edge.tools.photo_enrolment.session import PhotoSession

MEMORY_MAX = 2 << 30
"""Bound for what this process allocates: models, one photo, and 100,000 workers' templates take less than half of
it."""


def main() -> None:
    """Serve one HQ command."""
    keep_private()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX, MEMORY_MAX))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    with shown_without_values(), ended_by_signals():
        serve(sys.stdin.buffer, answers, MatcherConfig(threads=min(8, os.cpu_count() or 1)))


def serve(requests: BinaryIO, answers: BinaryIO, config: MatcherConfig) -> None:
    """Answer requests until there are no more."""
    session = PhotoSession(config)
    for request in requests:
        answers.write(line(session.answer(PhotoRequest.model_validate_json(request))))
        answers.flush()


if __name__ == "__main__":
    main()
