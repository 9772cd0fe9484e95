"""Make the files that an earlier version leaves behind, for test_upgrade.py. Run by hand with that version's own code.

    git archive COMMIT --prefix=old/ | tar x && ln -s models old/sitegate_models
    PYTHONPATH=old python tests/upgrade/make_files.py tests/upgrade/NAME.tar.xz

Broker, HQ and a gate run and stop as in a power cut: HQ first, then people walk up, then the gate is killed. So the
journal holds events that HQ has not seen. Templates are random numbers, so nobody is recognised. Keys are for this
alone.
"""

import contextlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from edge.config import MatcherConfig  # type: ignore[import-not-found]
from edge.demo.cast import portraits  # type: ignore[import-not-found]
from edge.demo.play import Follower  # type: ignore[import-not-found]
from edge.demo.stage import GATE, Stage  # type: ignore[import-not-found]
from edge.packages import cache_dir  # type: ignore[import-not-found]

from edge.matcher.pipeline import open_matcher

LEFT_OUT = (".reserve", ".lock", ".log", "-shm", "go")


class RandomTemplates:
    """Enrols anybody with random numbers in place of a face."""

    def __init__(self, matcher: Any) -> None:
        self._matcher, self._random = matcher, np.random.default_rng(1)

    def enrol(self, images: Sequence[Any]) -> list[Any]:
        made = self._matcher.enrol(images)
        vectors = self._random.standard_normal((len(made), len(made[0].vector)), np.float32)
        return [replace(t, vector=v / np.linalg.norm(v)) for t, v in zip(made, vectors, strict=True)]


def run(root: Path) -> None:
    models, photos = cache_dir() / "models", cache_dir() / "photos"
    matcher = open_matcher(MatcherConfig(), models)
    cast = portraits(photos, matcher)
    with Stage(root, models) as stage:
        stage.start_broker()
        stage.start_hq()
        stage.start_gate(cast)
        stage.publish(cast, RandomTemplates(matcher))
        follower = Follower(stage)
        follower.until(follower.ready, 60, "not ready")
        order = [
            str(Path(sys.executable).with_name("sitegate-hq")),
            "command",
            GATE,
            "open-once",
            "--why",
            "a delivery",
        ]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run([*order, "--by", "manager-7", "--dir", str(stage.hq_dir)], check=False, timeout=20)
        follower.until(lambda: any(getattr(e, "outcome", "") == "passed" for e in follower.events), 30, "nobody passed")
        follower.until(follower.drained, 30, "not drained")
        stage.stop("hq")
        known = len(follower.events)
        stage.go.touch()
        follower.until(lambda: len(follower.events) >= known + 4, 60, "nobody walked up")
        os.killpg(stage.pid("gate"), signal.SIGKILL)  # all three processes, at once
        time.sleep(1)  # the kernel lets go of their files
        held = len(follower._journal.records(0, 1000))
        (root / "events.txt").write_text(f"{held} {known}\n", encoding="utf-8")
        ports = {str(stage.broker_port): "@BROKER@", str(stage.screen_port): "@SCREEN@"}
    names = {str(root): "@ROOT@", str(models): "@MODELS@", str(photos): "@PHOTOS@", **ports}
    for path in root.rglob("*.toml"):
        text = path.read_text(encoding="utf-8")
        for was, becomes in names.items():
            text = text.replace(was, becomes)
        path.write_text(text, encoding="utf-8")


def main() -> None:
    target = Path(sys.argv[1])
    with TemporaryDirectory() as name:
        root = Path(name) / "old"
        run(root)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:xz") as archive:
            for path in sorted(root.rglob("*")):
                if path.is_file() and not path.name.endswith(LEFT_OUT) and path.name != "people.json":
                    archive.add(path, path.relative_to(root))
        target.write_bytes(packed.getvalue())
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
