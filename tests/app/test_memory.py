"""A real gate process: once a roster without somebody is in force, no template of theirs is in its memory."""

import base64
import json
import re
import time
from pathlib import Path

import numpy as np
from child_processes import children_of
from numpy.typing import NDArray

from edge.core.config import MatcherConfig
from edge.core.domain import Template
from edge.matcher import open_matcher
from edge.matcher.gallery.gallery import Gallery
from edge.tools.demo.cast import portraits
from edge.tools.demo.gate_file import SITE
from edge.tools.demo.stage import DemoStage

WORKERS = 300


def found(pid: int, needles: dict[str, bytes]) -> dict[str, int]:
    """How often each stands anywhere in the memory of a process."""
    counts = dict.fromkeys(needles, 0)
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            begin, end, rights, name = re.match(r"(\w+)-(\w+) (\S+) \S+ \S+ \S+\s*(.*)", line).groups()  # type: ignore[union-attr]
            if rights.startswith("r") and name not in ("[vvar]", "[vsyscall]"):
                memory.seek(int(begin, 16))
                try:
                    held = memory.read(int(end, 16) - int(begin, 16))
                except OSError:  # a device, or gone meanwhile
                    continue
                for what, needle in needles.items():
                    counts[what] += held.count(needle)
    return counts


def middle(value: bytes) -> bytes:
    """Allocators write into the first bytes of what was freed."""
    return value[len(value) // 4 : len(value) // 4 + 24]


def forms(vectors: dict[str, NDArray[np.float16]], who: str, model_id: str) -> dict[str, bytes]:
    """A worker's template as HQ sent it, as numbers to count with, and as the gallery's row."""
    unit = {
        name: Template(one.astype(np.float32) / np.linalg.norm(one.astype(np.float32)), model_id)
        for name, one in vectors.items()
    }
    gallery = Gallery.build(list(unit.items()), model_id, len(vectors[who]))
    row = gallery.matrix[gallery.worker_ids.index(who)]
    told = base64.urlsafe_b64encode(vectors[who].tobytes())
    plain = {"sent": vectors[who].tobytes(), "exact": vectors[who].astype("<f4").tobytes(), "told": told}
    return {
        name: middle(value)
        for name, value in {**plain, "unit": unit[who].vector.tobytes(), "row": row.tobytes()}.items()
    }


def test_ok__a_withdrawn_template_leaves_the_memory_of_the_gate_process(
    tmp_path: Path, models_dir: Path, photos_dir: Path
) -> None:
    matcher = open_matcher(MatcherConfig(), models_dir)
    dice = np.random.default_rng(5)
    raw = {f"w-{n}": dice.standard_normal(matcher.engine.pack.embedder.dimension) for n in range(WORKERS)}
    vectors = {name: (one / np.linalg.norm(one)).astype("<f2") for name, one in raw.items()}
    needles = forms(vectors, "w-7", matcher.model_id)
    people = [
        {
            "worker_id": name,
            "sites": [SITE],
            "consent_ref": "c-1",
            "templates": [{"model_id": matcher.model_id, "vector": base64.urlsafe_b64encode(one.tobytes()).decode()}],
        }
        for name, one in vectors.items()
    ]
    (tmp_path / "people.json").write_text(json.dumps({"workers": people}))
    with DemoStage(tmp_path / "stage", models_dir) as stage:
        stage.init()
        cast = portraits(photos_dir, matcher)
        stage.start_hq()
        stage.start_gate(cast)
        stage.hq("import", str(tmp_path / "people.json"), "--publish")

        def until(true: object, what: str) -> None:
            end = time.monotonic() + 90
            while not true():  # type: ignore[operator]
                stage.check_alive()
                assert time.monotonic() < end, f"never happened: {what}"
                time.sleep(0.2)

        def gate() -> int:
            """The gate process; 0 while it starts."""
            return next((one.pid for one, command in children_of(stage.pid("gate")) if "gate" in command), 0)

        def counts() -> dict[str, int]:
            return found(gate(), needles)

        until(lambda: gate() and counts()["row"] and counts()["sent"], "the gate process holds the template")
        stage.hq("consent", "withdraw", "w-7")

        def proven() -> bool:
            told = stage._run("consent", "receipts", "--json", "--dir", str(stage.hq_dir), codes=(0, 2))
            return [row["held"] for row in json.loads(told)] == ["gone"]

        until(proven, "the receipt")
        until(lambda: not any(counts().values()), "the memory holds it no more")
        others = forms(vectors, "w-8", matcher.model_id)
        assert found(gate(), {"sent": others["sent"]})["sent"], "the others are still there"
