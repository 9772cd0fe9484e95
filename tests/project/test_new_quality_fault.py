"""A new fault of a face takes four files: its word, its measure, and its sentence in both languages. Done here, on a
copy."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHANGES: dict[str, list[tuple[str, str]]] = {
    "contract/messages/words.py": [
        ('    STEP_BACK = "step_back"\n', '    STEP_BACK = "step_back"\n    FACE_THE_LIGHT = "face_the_light"\n'),
        ("    Advice.UNCOVER_FACE,\n)", "    Advice.UNCOVER_FACE,\n    Advice.FACE_THE_LIGHT,\n)"),
    ],
    "edge/matcher/engine/quality.py": [
        ("    roll_deg: float = 0.0\n", "    roll_deg: float = 0.0\n    half_lit: float = 0.0\n"),
        (
            "        roll_deg(face.landmarks),\n",
            "        roll_deg(face.landmarks),\n        abs(float(grey[:, :56].mean() - grey[:, 56:].mean())) / 255,\n",
        ),
        (
            "_CHECKS: ",
            'HALF_LIT = QualityFault("half_lit", Advice.FACE_THE_LIGHT, "half is dark", "face the light")\n_CHECKS: ',
        ),
        ("    (BLURRED, ", "    (HALF_LIT, lambda face, limits: face.half_lit > 0.3),\n    (BLURRED, "),
    ],
    "edge/screen/text/en/words.toml": [('stop = "Stop.', 'face_the_light = "Face the light"\nstop = "Stop.')],
    "edge/screen/text/zh/words.toml": [('\nstop = "', '\nface_the_light = "请面向光"\nstop = "')],
}
SHOWN = """
import json
from dataclasses import replace

import numpy as np
from jinja2 import Environment, PackageLoader

from contract.messages import Advice, Reason
from edge.core.config import MatcherConfig
from edge.core.decision import RULES
from edge.core.decision.identity_rules import advice_for
from edge.core.domain import Face, Tone
from edge.core.indication import CLIPS, indication
from edge.matcher.engine.quality import FAULTS, Quality, measure, objection, objection_to_reference
from edge.screen.lane_view import SIGNS
from edge.screen.translations import load_all
from edge.tools.demo.show import LANE

points = np.array([[38, 52], [74, 52], [56, 72], [42, 92], [70, 92]], np.float32)
half = np.zeros((112, 112, 3), np.uint8)
half[:, 56:] = np.random.default_rng(1).integers(100, 255, (112, 56, 3), np.uint8)
measured = measure(Face(np.array([0, 0, 112, 112], np.float32), points * 4, 0.9), half)
fault = objection(Quality(100, 120, 100, 0, half_lit=0.5), MatcherConfig())
drawn = Environment(loader=PackageLoader("edge.screen"), autoescape=True).get_template("lane/signs.html").module
print(json.dumps({
    "measured": measured.half_lit > 0.3,
    "fault": fault.value,
    "by name": FAULTS["half_lit"] is fault,
    "photo": objection_to_reference(Quality(100, 120, 100, 0, half_lit=0.5), MatcherConfig()).photo,
    "lane": advice_for(fault).value,
    "decision": (Reason.LOW_QUALITY, fault.advice) in RULES[0].refusals,
    "texts": [texts.sign[fault.advice] for _, texts in sorted(load_all().items())],
    "sign": fault.advice in SIGNS and "<circle" in drawn.sign(fault.advice),
    "clip": fault.advice.value in CLIPS and indication(Tone.ADJUST, fault.advice).clip,
    "demo": LANE[fault.advice][1],
}))
"""


def test_ok__a_new_fault_of_a_face_takes_four_files(tmp_path: Path) -> None:
    for package in ("common", "contract", "edge"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "golden"))
    for name, changes in CHANGES.items():
        text = (tmp_path / name).read_text(encoding="utf-8")
        for before, after in changes:
            assert text.count(before) == 1, (name, before)
            text = text.replace(before, after)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(CHANGES) == 4
    done = subprocess.run(
        [sys.executable, "-c", SHOWN], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "measured": True,
        "fault": "half_lit",
        "by name": True,
        "photo": "half is dark",
        "lane": "face_the_light",
        "decision": True,
        "texts": ["Face the light", "请面向光"],
        "sign": True,
        "clip": "face_the_light",
        "demo": "● Face the light",
    }
