"""What a technician gets for a wrong input: a clear message that says what to do, a non-zero exit, and a shut gate."""

import json
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner, Result

from contract.signing import read_sealing_public, write_key_pair
from edge.app.state_folders import REPLICA
from edge.cli import app
from edge.core.config import load
from edge.matcher import load_manifest
from edge.system.clock import SystemClock
from edge.tools.selfcheck import CheckState, clock

EMBEDDER = load_manifest().pack("opencv-zoo").embedder.file


class Gate:
    """One gate's folder: keys, weights, a camera folder with photos, a config."""

    def __init__(self, folder: Path, models_dir: Path, photos_dir: Path) -> None:
        self.folder = folder
        self.hq_key, self.site_key = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        write_key_pair(self.hq_key, folder / "hq.key", folder / "hq.pub")
        write_key_pair(X25519PrivateKey.generate(), folder / "seal.key", folder / "seal.pub")
        write_key_pair(self.site_key, folder / "site.key", folder / "site.pub")
        write_key_pair(X25519PrivateKey.generate(), folder / "screen.key", folder / "screen.pub")
        shutil.copytree(models_dir, folder / "models")
        (folder / "photos").mkdir()
        shutil.copy(photos_dir / "person-c-1.png", folder / "photos")
        self.path = folder / "gate.toml"
        self.write()

    def write(self, extra: str = "") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.path.write_text(
            f"""
[paths]
state_dir = "state"
models_dir = "models"
[keys]
hq_signing_public_path = "hq.pub"
hq_sealing_public_path = "seal.pub"
site_private_path = "site.key"
screen_private_path = "screen.key"
[camera]
source = "folder"
path = "photos"
[gate]
pins = "mock"
[sync]
broker_host = "127.0.0.1"
broker_port = {port}
tls = false
connect_timeout_s = 2
{extra}""",
            encoding="utf-8",
        )

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--config", str(self.path)])

    def findings(self) -> dict[str, dict[str, str]]:
        result = self.run("check", "--json")
        return {f["what"]: f for f in json.loads(result.stdout)}


@pytest.fixture
def gate(tmp_path: Path, models_dir: Path, photos_dir: Path) -> Iterator[Gate]:
    yield Gate(tmp_path, models_dir, photos_dir)


def words(result: Result) -> str:
    return " ".join((result.stdout + result.stderr).split())


def test_ok__a_fresh_gate_names_just_what_is_missing(gate: Gate) -> None:
    found = gate.findings()
    assert {what for what, f in found.items() if f["state"] == "problem"} == {"lists", "broker"}
    assert "no roster yet" in found["lists"]["detail"]


def test_fail__a_misspelt_key_is_named_with_a_suggestion(gate: Gate) -> None:
    gate.write("[matcher]\nvotes_neded = 3\n")
    for command in (("config", "check"), ("check",), ("gate",), ("sync",), ("screen",), ("run",)):
        result = gate.run(*command)
        assert result.exit_code == 2, command
        assert "matcher.votes_neded: unknown key; did you mean 'votes_needed'?" in words(result)


def test_fail__no_config_file_says_how_to_make_one(gate: Gate) -> None:
    gate.path.unlink()
    result = gate.run("gate")
    assert result.exit_code == 2
    assert "sitegate config init" in words(result)


def test_fail__a_missing_weight_refuses_to_start_and_names_the_command(gate: Gate) -> None:
    (gate.folder / "models" / EMBEDDER).unlink()
    assert gate.findings()["weights"]["state"] == "problem"
    result = gate.run("gate")
    assert result.exit_code == 2
    assert "is missing; run: sitegate models fetch" in words(result)
    assert relay_levels(gate) <= {0}


def test_fail__a_flipped_byte_in_a_weight_refuses_to_start(gate: Gate) -> None:
    path = gate.folder / "models" / EMBEDDER
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert "was altered" in gate.findings()["weights"]["detail"]
    result = gate.run("gate")
    assert result.exit_code == 2
    assert "was altered: expected SHA-256" in words(result)
    assert relay_levels(gate) <= {0}


def test_fail__a_broker_that_is_down_is_told_and_the_gate_works_on(gate: Gate) -> None:
    found = gate.findings()["broker"]
    assert found["state"] == "problem"
    assert "refused" in found["detail"].lower()
    assert "works on without it" in found["todo"]


def test_fail__an_empty_camera_folder_is_told(gate: Gate) -> None:
    for photo in (gate.folder / "photos").iterdir():
        photo.unlink()
    found = gate.findings()["camera"]
    assert found["state"] == "problem"
    assert "holds no photo" in found["detail"]
    assert ".jpg" in found["detail"]


def test_fail__a_corrupt_replica_is_told_and_set_aside_by_sync(gate: Gate) -> None:
    state = gate.folder / "state"
    (state / REPLICA).parent.mkdir(parents=True)
    (state / REPLICA).write_bytes(b"\xa5" * 8192)
    assert gate.findings()["lists"]["state"] == "problem"
    from edge.replica.writer import ReplicaWriter

    ReplicaWriter(state / REPLICA).close()
    assert list(state.glob("sync/replica.db.corrupt-*"))
    assert "no roster yet" in gate.findings()["lists"]["detail"]


def test_fail__wrong_key_files_are_named(gate: Gate) -> None:
    (gate.folder / "hq.pub").write_text("not a key")
    assert "not a PEM key file" in gate.findings()["keys"]["detail"]
    shutil.copy(gate.folder / "seal.pub", gate.folder / "hq.pub")
    result = gate.run("gate")
    assert result.exit_code == 2
    assert "is not an Ed25519 public key" in words(result)


def test_fail__a_private_key_that_everybody_reads_is_a_warning(gate: Gate) -> None:
    assert "are trusted, seals for" in gate.findings()["keys"]["detail"]
    secret = gate.folder / "site.key"
    secret.chmod(0o644)
    found = gate.findings()["keys"]
    assert (found["state"], found["todo"]) == ("warning", f"chmod o= {secret}")


def test_fail__two_kinds_of_keys_in_one_file(gate: Gate) -> None:
    public = gate.folder / "hq.pub"
    public.write_bytes(public.read_bytes() + (gate.folder / "seal.pub").read_bytes())
    result = gate.run("gate")
    assert result.exit_code == 2
    assert "block 2, is not an Ed25519 public key" in words(result)


def test_fail__a_key_that_systemd_did_not_hand_over(gate: Gate) -> None:
    gate.path.write_text(gate.path.read_text().replace('"site.key"', '"credential:site.key"'))
    result = gate.run("gate")
    assert result.exit_code == 2
    assert "LoadCredential=site.key:FILE" in words(result)
    assert relay_levels(gate) <= {0}


def test_fail__a_clock_before_2024_is_a_problem(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "utc", lambda self: datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    found = clock(load(gate.path))
    assert found.state is CheckState.PROBLEM
    assert "the gate admits nobody" in found.detail
    assert "timedatectl" in found.todo


def test_fail__enrolling_without_consent_or_face_or_with_two_faces(
    gate: Gate, photos_dir: Path, tmp_path: Path
) -> None:
    photo = str(photos_dir / "person-a-1.jpg")
    assert "no template without consent" in words(gate.run("enroll", photo, "--worker", "w1", "--consent", " "))
    assert "faces were found" in words(
        gate.run("enroll", str(photos_dir / "group-1.jpg"), "--worker", "w1", "--consent", "c")
    )
    (tmp_path / "text.jpg").write_text("no photo")
    assert "cannot be read as a photo" in words(
        gate.run("enroll", str(tmp_path / "text.jpg"), "--worker", "w1", "--consent", "c")
    )
    assert "worker_id" in words(gate.run("enroll", photo, "--worker", "not an id!", "--consent", "c"))


def test_ok__an_enrolment_for_hq_shows_no_template_to_anybody_else(
    gate: Gate, photos_dir: Path, tmp_path: Path
) -> None:
    out = tmp_path / "w1.json"
    result = gate.run(
        "enroll", str(photos_dir / "person-a-1.jpg"), "--worker", "w1", "--consent", "c-1", "--out", str(out)
    )
    assert result.exit_code == 0, words(result)
    assert "sealed_enrolments" in json.loads(out.read_text())
    assert "vector" not in out.read_text()
    read_sealing_public(gate.folder / "seal.pub")


def relay_levels(gate: Gate) -> set[int]:
    """Every level the relay was ever driven to."""
    history = gate.folder / "state/gate/pins.jsonl"
    lines = map(json.loads, history.read_text().splitlines())
    return {line["level"] for line in lines if line["pin"] == "GPIO17" and line["function"] == "output"}
