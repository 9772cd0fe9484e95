"""`sitegate enroll` against the roster: nobody gets two ids, and no id two faces, unless somebody says why."""

import json
from pathlib import Path

import numpy as np
import pytest
from enrolment_gate import EnrolmentGate, like, words

from contract.messages import Direction
from edge.app.state_folders import JOURNAL
from edge.capture.source import letterbox
from edge.core.config import SiteConfig
from edge.core.domain import Frame, LiveState, Sight, Tone
from edge.matcher.gallery.gallery import Gallery
from edge.storage.desk import DeskReader, DeskWriter
from edge.storage.journal import Journal
from edge.system.clock import SystemClock


@pytest.fixture
def gate(tmp_path: Path, models_dir: Path) -> EnrolmentGate:
    return EnrolmentGate(tmp_path, models_dir)


@pytest.fixture
def photos(gate: EnrolmentGate, photos_dir: Path) -> dict[str, str]:
    return {name: gate.photo(f"{name}.png", image) for name, image in gate.faces(photos_dir).items()}


def requests(gate: EnrolmentGate) -> int:
    reader = DeskReader(gate.desk_path)
    found = len(reader.requests(0))
    reader.close()
    return found


def trail(gate: EnrolmentGate) -> list[tuple[str, str, str]]:
    desk = DeskWriter(gate.desk_path)
    found = [entry[1:] for entry in desk.audit_trail(10)]
    desk.close()
    return found


def test_ok__without_a_roster_it_enrols_and_says_that_nobody_was_compared(
    gate: EnrolmentGate, photos: dict[str, str]
) -> None:
    result = gate.run("enroll", photos["b"], "--worker", "w2", "--consent", "c2")
    assert result.exit_code == 0, words(result)
    assert "this gate has no roster yet" in words(result)
    assert requests(gate) == 1


def test_ok__the_same_worker_may_be_enrolled_again(
    gate: EnrolmentGate, photos: dict[str, str], photos_dir: Path
) -> None:
    faces = gate.faces(photos_dir)
    gate.publish({"w1": gate.matcher.enrol([faces["a-enrolled"]]), "w2": gate.matcher.enrol([faces["b"]])})
    result = gate.run("enroll", photos["a-today"], "--worker", "w1", "--consent", "c1")
    assert result.exit_code == 0, words(result)
    assert requests(gate) == 1


def test_fail__a_face_that_another_worker_has(gate: EnrolmentGate, photos: dict[str, str], photos_dir: Path) -> None:
    gate.publish({"w1": gate.matcher.enrol([gate.faces(photos_dir)["a-enrolled"]])})
    asked = ("enroll", photos["a-today"], "--worker", "w7", "--consent", "c7", "--by", "desk-3")
    refused = gate.run(*asked)
    assert refused.exit_code == 1
    assert "already enrolled as worker w1" in words(refused)
    assert "nothing was stored" in words(refused)
    assert not gate.desk_path.exists()
    assert "say why" in words(gate.run(*asked, "--force", " "))
    forced = gate.run(*asked, "--force", "twins, both seen with passport")
    assert forced.exit_code == 0, words(forced)
    assert requests(gate) == 1
    (_, override) = trail(gate)
    assert override[:2] == ("desk-3", "enrol-override")
    assert "worker w7" in override[2] and override[2].endswith("because: twins, both seen with passport")


def test_fail__another_face_under_a_known_id(gate: EnrolmentGate, photos: dict[str, str], photos_dir: Path) -> None:
    gate.publish({"w1": gate.matcher.enrol([gate.faces(photos_dir)["a-enrolled"]])})
    result = gate.run("enroll", photos["b"], "--worker", "w1", "--consent", "c1", "--out", str(gate.folder / "w1.json"))
    assert result.exit_code == 1
    assert "not the face that worker w1 is enrolled with" in words(result)
    assert not (gate.folder / "w1.json").exists()


def test_fail__no_key_to_the_roster_no_enrolment(gate: EnrolmentGate, photos: dict[str, str]) -> None:
    (gate.folder / "site.key").unlink()
    result = gate.run("enroll", photos["b"], "--worker", "w2", "--consent", "c2")
    assert result.exit_code == 1
    assert "site.key" in words(result)


def test_fail__the_matcher_knows_a_worker_and_says_whom_the_worker_resembles(
    gate: EnrolmentGate, photos_dir: Path
) -> None:
    faces = gate.faces(photos_dir)
    (own,) = gate.matcher.enrol([faces["a-enrolled"]])
    image = letterbox(faces["a-today"], 640, 480)
    for other, resembles in ((like(own, 0.85), "w2"), (like(own, 0.3), None)):
        gate.matcher.load([("w1", own), ("w2", other)])
        seen = [gate.matcher.identify(Frame(image, 100.0 * (resembles is None) + i / 20, i)) for i in range(4)][-1]
        assert seen.sight is Sight.KNOWN and seen.candidate and seen.candidate.worker_id == "w1"
        assert seen.look_alike == resembles
        found = gate.matcher.survey()
        assert set(found or ()) == ({"w1", "w2"} if resembles else set())


def test_ok__roster_list_and_check_name_the_look_alikes(gate: EnrolmentGate, photos_dir: Path) -> None:
    (own,) = gate.matcher.enrol([gate.faces(photos_dir)["a-enrolled"]])
    people = {"w1": [own], "w2": [like(own, 0.85)], "w3": [like(own, 0.3, seed=2)]}
    gate.publish(people)
    rows = {row["worker_id"]: row for row in json.loads(gate.run("roster", "list", "--json").stdout)}
    assert {name: row["look_alike"] for name, row in rows.items()} == {"w1": "w2", "w2": "w1", "w3": ""}
    searched = Gallery.build([(w, t) for w, ts in people.items() for t in ts], own.model_id, own.vector.size).matrix
    assert rows["w1"]["look_alike_score"] == pytest.approx(float(searched[0] @ searched[1]), abs=0.002)
    (found,) = (f for f in json.loads(gate.run("check", "--json").stdout) if f["what"] == "look-alikes")
    assert (found["state"], found["detail"].endswith("w1 ~ w2")) == ("warning", True)


def test_ok__the_gates_camera_takes_the_pictures_itself(gate: EnrolmentGate, photos_dir: Path) -> None:
    image = letterbox(gate.faces(photos_dir)["a-today"], 640, 480)
    gate.photo("camera/1.png", image)
    gate.photo("camera/2.png", np.roll(image, 4, axis=1))
    result = gate.run("enroll", "--camera", "--worker", "w1", "--consent", "c1")
    assert result.exit_code == 0, words(result)
    assert "3 template(s) handed to the gate" in words(result)
    assert requests(gate) == 1


def test_fail__the_camera_sees_nobody_it_can_use(gate: EnrolmentGate, photos_dir: Path) -> None:
    image = letterbox(gate.faces(photos_dir)["a-today"], 640, 480)
    gate.photo("camera/1.png", image // 8)
    gate.photo("camera/2.png", np.roll(image // 8, 4, axis=1))
    result = gate.run("enroll", "--camera", "--worker", "w1", "--consent", "c1", "--within", "2")
    assert result.exit_code == 1
    assert "0 of 8 good pictures in 2 s; at last: too dark" in words(result)
    assert not gate.desk_path.exists()


def test_fail__the_running_gate_keeps_its_camera_and_photos_and_camera_exclude_each_other(
    gate: EnrolmentGate, photos: dict[str, str]
) -> None:
    asked = ("enroll", "--camera", "--worker", "w1", "--consent", "c1")
    assert "not both" in words(gate.run(*asked, photos["b"]))
    assert "not both" in words(gate.run("enroll", "--worker", "w1", "--consent", "c1"))
    clock = SystemClock()
    journal = Journal(gate.folder / "state" / JOURNAL, SiteConfig(), clock)
    journal.set_live(LiveState(utc=clock.utc(), direction=Direction.IN, gate_state="ready", tone=Tone.IDLE))
    result = gate.run(*asked)
    journal.close()
    assert result.exit_code == 1
    assert "the gate is running and has the camera" in words(result)
