"""The whole result, and its report, from vectors whose truth is known."""

import json
import re
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from edge.matcher.weights.manifest import ImpostorTail
from edge.tools.evaluation.attempts import Faces, Trials, run
from edge.tools.evaluation.charts import det_curve
from edge.tools.evaluation.measurement import _by_group, evaluate, usable_faces
from edge.tools.evaluation.observation_cache import Observation
from edge.tools.evaluation.photos import EvaluationError, EvaluationPhoto
from edge.tools.evaluation.report import html
from edge.tools.evaluation.result import GroupRates
from edge.tools.evaluation.site import marked_look_alikes, self_calibration
from edge.tools.evaluation.worst import worst_cases

TAIL = ImpostorTail(start=0.35, plain_start=0.4, share=0.001, scale=0.025, comparisons=1_000_000)


def unit(vector):
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture(scope="module")
def seen():
    """30 people with three photos each, 40 strangers; the gate would not use one first photo, one probe, one
    stranger."""
    random = np.random.default_rng(5)
    photos, observations = [], []
    for i in range(30):
        person = unit(random.normal(size=64))
        for n in range(3):
            photos.append(EvaluationPhoto(Path(f"people/p{i}/{n}.jpg"), f"p{i}", False))
            problem = "turned_away" if (i, n) in ((0, 0), (1, 2)) else ""
            observations.append(Observation(problem, unit(person + 0.6 * unit(random.normal(size=64)))))
    for i in range(40):
        photos.append(EvaluationPhoto(Path(f"strangers/s{i}.jpg"), f"s{i}", True))
        observations.append(Observation("no_face", None) if i == 0 else Observation("", unit(random.normal(size=64))))
    return photos, observations


@pytest.fixture(scope="module")
def result(seen):
    groups = {f"p{i}": "even" if i % 2 == 0 else "odd" for i in range(30)}
    return evaluate(*seen, TAIL, "pack/model/1234/m2", groups)


def test_ok__what_was_unusable(result):
    had = result.acquisition
    assert (had.photos, had.problems) == (130, {"no_face": 1, "turned_away": 2})
    assert had.failure_to_enrol == pytest.approx(1 / 30)
    assert had.failure_to_acquire == pytest.approx(2 / 100)


def test_ok__who_was_compared(result):
    assert (result.headline.gallery, result.headline.mated, result.headline.non_mated) == (30, 58, 58 + 39)
    assert (result.ungated.mated, result.ungated.non_mated) == (60, 60 + 39)
    assert {(p.enrolled, p.frames) for p in result.plans} == {(1, 1), (1, 2), (2, 1)}
    assert [p.gallery for p in result.padded] == [1_000, 10_000, 50_000]
    assert result.verification.genuine == 28 * 3 + 2


def test_ok__rates(result):
    assert result.headline.rank1 == 1.0
    assert result.headline.fnir["1%"].value < 0.05
    assert result.fnir_with_fta["1%"] == pytest.approx(0.02 + 0.98 * result.headline.fnir["1%"].value)
    assert result.tail is None  # too few people
    assert {g.group: g.mated for g in result.groups} == {"even": 29, "odd": 29}
    assert set(result.carry_over.other_half) == {"0.3%", "1%"}


def test_ok__each_groups_rates_are_those_of_its_own_attempts():
    """A's first attempt scores too low, B's is somebody else's face; a stranger of the third group scores too high."""
    trials = Trials(
        mated=np.array([0.3, 0.8, 0.9, 0.9]),
        right=np.array([True, True, False, True]),
        mated_person=np.array(["a", "a", "b", "c"]),
        non_mated=np.array([0.2, 0.7, 0.1]),
        non_mated_person=np.array(["s", "t", "u"]),
    )
    groups = {"a": "one", "b": "two", "s": "two", "t": "three", "nobody": "four"}
    assert _by_group(trials, 0.5, groups) == [
        GroupRates("four", 0, 0.0, 0, 0.0),
        GroupRates("one", 2, 0.5, 0, 0.0),
        GroupRates("three", 0, 0.0, 1, 1.0),
        GroupRates("two", 1, 1.0, 1, 0.0),
    ]
    assert _by_group(trials, 0.5, {}) == []


def test_ok__doubles_are_marked_and_few_people_propose_nothing(seen, result):
    assert [(a.photos, a.workers, a.marked) for a in result.look_alikes] == [(1, 30, 0), (2, 30, 0)]
    assert result.self_calibration is None
    faces = usable_faces(*seen, gated=True)
    faces.references["p1"][0] = faces.references["p2"][0]  # two ids for one face
    found = marked_look_alikes(faces, 1, TAIL, 0.003)
    assert found.marked == 2
    assert found.nearest == pytest.approx(1.0, abs=1e-5)
    strict = marked_look_alikes(faces, 1, TAIL, 0.0005)
    assert strict.score_min > found.score_min
    assert strict.threshold > found.threshold


def test_ok__many_people_propose_what_their_runner_ups_ask_for():
    random = np.random.default_rng(3)
    people = {f"p{i}": np.stack([unit(random.normal(size=64))] * 2) for i in range(300)}
    faces = Faces(people, {})
    trials = run(faces)
    found = self_calibration(trials, faces, 0.6, 0.003, TAIL)
    assert found.workers == 300
    assert found.correction == 0.0  # lower, but 300 are too few to lower it
    low = self_calibration(trials, faces, found.threshold - 0.1, 0.003, TAIL)
    assert low.correction == pytest.approx(0.05)
    assert low.righted <= low.wrong


def test_ok__it_is_json(result):
    assert json.loads(json.dumps(asdict(result)))["headline"]["gallery"] == 30


def test_ok__the_report_stands_alone(result):
    page = html(result, "A <title>", [("stranger, 0.4 as x", "data:image/jpeg;base64,AAAA")])
    HTMLParser().feed(page)
    assert "A &lt;title&gt;" in page
    assert "data:image/jpeg;base64,AAAA" in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert "Groups" in page
    assert "Worst cases" not in html(result, "x")


def test_ok__the_curve_stays_in_its_frame():
    svg = ElementTree.fromstring(det_curve([(1e-4, 0.5), (1e-2, 0.0), (1.0, 0.0)]))
    (curve,) = (e.attrib["d"] for e in svg.iter() if e.attrib.get("id") == "det")
    points = [tuple(map(float, point.split(","))) for point in re.findall(r"[\d.]+,[\d.]+", curve)]
    assert len(points) == 3
    assert all(50 <= x <= 510 and 50 <= y <= 290 for x, y in points)


def test_ok__the_same_result_gives_the_same_page(result):
    assert html(result, "x") == html(result, "x")


def test_ok__the_worst_cases_come_first(seen):
    cases = worst_cases(*seen, 4)
    assert [case.caption.startswith("stranger") for case in cases] == [False, False, True, True]
    scores = [float(re.search(r"\d\.\d+|-\d\.\d+", case.caption)[0]) for case in cases]
    assert scores[0] <= scores[1]
    assert scores[2] >= scores[3]


def test_fail__too_few_faces(seen):
    photos, observations = seen
    with pytest.raises(EvaluationError, match="too few usable faces"):
        evaluate(photos[:2], [Observation("no_face", None)] * 2, TAIL, "m")
    with pytest.raises(EvaluationError, match="too few usable faces"):
        evaluate([photos[0], photos[3]], [observations[1], observations[4]], TAIL, "m")
