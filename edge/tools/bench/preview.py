"""The last part of `sitegate bench`: what the picture for the lane page costs the gate's frames."""

import time
from pathlib import Path

from edge.app.preview_file import PreviewFile
from edge.capture.preview import PreviewThread
from edge.core.config import Config, PathsConfig
from edge.core.domain import Frame
from edge.matcher import FaceMatcher
from edge.tools.bench.face_to_relay import StageTiming, frame_with, timing
from edge.tools.demo.cast import Portrait

BLOCK = 15
"""Frames with and without pictures take turns, half a second each, so that other work on the machine meets both."""
FRAME_S = 1 / 30


def frames_with_preview(matcher: FaceMatcher, face: Portrait, scratch: Path, rounds: int) -> list[StageTiming]:
    """Measure whole frames with a face in view, without and with pictures for the lane page, at 30 frames/s."""
    image, config = frame_with(face), Config(paths=PathsConfig(state_dir=scratch))
    preview = PreviewThread(PreviewFile(config), config.screen.preview_hz)
    taken: dict[bool, list[float]] = {False: [], True: []}
    number = 0
    try:
        while len(taken[True]) < rounds:
            for filmed, into in taken.items():
                for _ in range(BLOCK):
                    number += 1
                    into.append(_frame(matcher, preview if filmed else None, Frame(image, time.monotonic(), number)))
                preview.hide()
    finally:
        preview.close()
    return [timing("frame with a face", taken[False]), timing("the same with preview", taken[True])]


def _frame(matcher: FaceMatcher, preview: PreviewThread | None, frame: Frame) -> float:
    """Identify one frame, and wait for the next one. Return the seconds of work."""
    began_s = time.perf_counter()
    matcher.identify(frame)
    if preview is not None:
        preview.show(frame)
    taken_s = time.perf_counter() - began_s
    time.sleep(max(0.0, FRAME_S - taken_s))
    return taken_s
