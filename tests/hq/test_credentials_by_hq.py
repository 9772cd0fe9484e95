"""HQ gives out codes, cards and PINs: what it keeps, what it publishes, and what a gate makes of it."""

import re
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from contract.code import read
from contract.credentials import card_digest, pin_code_matches
from contract.messages import WorkerRecord
from contract.signing import read_signing_public
from edge.devices.readers.qr_codes import read_codes
from hq.cli import app, main
from hq.commands.context import opened
from hq.registry.credentials import BadCredential, duration, found

TOML = """
[[workers]]
worker_id = "w-1"
sites = ["site-1", "site-2"]
card = ["0012345678", "42"]
pin = "4711"

[[workers]]
worker_id = "w-2"
sites = ["site-2"]
consent_ref = "c-2"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "hq"
    run("init", made, "--site", "site-1", "--site", "site-2")
    (tmp_path / "workers.toml").write_text(TOML)
    run("import", tmp_path / "workers.toml", "--dir", made)
    return made


def run(*words: object, code: int = 0, given: str = "") -> str:
    result = CliRunner().invoke(app, [str(word) for word in words], input=given)
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What the real entry point says of an error."""

    def failed(*words: object) -> str:
        monkeypatch.setattr("hq.cli.keep_private", lambda: None)  # this is the process of the tests
        monkeypatch.setattr(sys, "argv", ["sitegate-hq", *map(str, words)])
        with pytest.raises(SystemExit, match="1"):
            main()
        return " ".join(capsys.readouterr().err.split())

    return failed


def everything_stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def known(folder: Path, worker_id: str) -> WorkerRecord:
    with opened(folder) as (_, people, _publisher, _store):
        return found(people.find(worker_id), worker_id)


def test_ok__cards_and_pin_are_digests_at_once(folder: Path) -> None:
    worker = known(folder, "w-1")
    expected = [card_digest(site, card) for card in ("0012345678", "42") for site in ("site-1", "site-2")]
    assert list(worker.cards) == expected
    assert worker.pin is not None and pin_code_matches("4711", worker.pin)
    assert not re.search(rb'0012345678|"4711"', everything_stored(folder))


def test_ok__a_card_and_a_pin_by_command(folder: Path) -> None:
    run("card", "w-2", "--number", "0099", "--pin", "--dir", folder, given="123456\n123456\n")
    worker = known(folder, "w-2")
    assert worker.cards == (card_digest("site-2", "0099"),) and worker.consent_ref == "c-2"
    assert worker.pin is not None and pin_code_matches("123456", worker.pin)
    run("card", "w-2", "--no-card", "--dir", folder)
    bare = known(folder, "w-2")
    assert (bare.cards, bare.pin) == ((), None)


def test_ok__a_picture_of_a_code_is_read_by_the_gate(folder: Path, tmp_path: Path) -> None:
    run("code", "w-1", "--site", "site-1", "--valid", "90s", "--png", tmp_path / "code.png", "--dir", folder)
    image = cv2.imread(str(tmp_path / "code.png"), cv2.IMREAD_COLOR)
    assert image is not None
    (text,) = read_codes(np.asarray(image, np.uint8))
    code = read(text, read_signing_public(folder / "keys" / "hq-signing.pub.pem"))
    assert (code.worker_id, code.site_id) == ("w-1", "site-1")
    assert code.expires_utc - code.issued_utc == timedelta(seconds=90)
    run("code", "w-1", "--svg", tmp_path / "code.svg", "--dir", folder)
    assert (tmp_path / "code.svg").read_text().startswith("<?xml")
    assert "▀" in run("code", "w-1", "--dir", folder) or "█" in run("code", "w-1", "--dir", folder)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("code", "w-9"), "w-9 is not among the workers"),
        (("code", "w-2", "--site", "site-1"), "w-2 is not assigned to site-1, but to site-2"),
        (("code", "w-1", "--valid", "13h"), "valid for at most 12 hours"),
        (("code", "w-1", "--valid", "soon"), "write 90s, 15m or 2h"),
        (("card", "w-1", "--number", "12 34"), "not 1 to 32 digits"),
    ],
)
def test_fail__what_cannot_be_given_says_why(
    folder: Path, fails: Callable[..., str], words: tuple[str, ...], says: str
) -> None:
    assert says in fails(*words, "--dir", folder)


@pytest.mark.parametrize(
    "line", ['pin = "12"', 'pin = "12a4"', 'card = "A1"', 'card = "1"\nsites = []', 'card = ["1","2","3","4","5","6"]']
)
def test_fail__an_import_with_a_wrong_card_or_pin_imports_nothing(
    folder: Path, fails: Callable[..., str], tmp_path: Path, line: str
) -> None:
    sites = "" if "sites" in line else 'sites = ["site-1", "site-2"]\n'
    (tmp_path / "wrong.toml").write_text(f'[[workers]]\nworker_id = "w-3"\n{sites}{line}\n')
    assert "wrong.toml: 1 problem" in fails("import", tmp_path / "wrong.toml", "--dir", folder)
    with pytest.raises(BadCredential, match="not among the workers"):
        known(folder, "w-3")


def test_ok__durations() -> None:
    assert [duration(text).total_seconds() for text in ("90s", "15m", "2h")] == [90, 900, 7200]
