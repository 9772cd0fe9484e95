"""Voice on the real aplay (ALSA's null device needs no sound card), sentences by the real espeak-ng."""

import os
import shutil
import subprocess
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.core.indication import CLIPS
from edge.devices.indicator.voice import SAME_AGAIN_S, Voice
from edge.sim import ManualClock


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voice")
    done = CliRunner().invoke(app, ["voice", "make", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def slow_player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An aplay that takes its time (ALSA's null device takes none) and writes down its process and what it plays."""
    heard = tmp_path / "heard"
    player = tmp_path / "bin" / "aplay"
    player.parent.mkdir()
    player.write_text(f'#!/bin/sh\necho "$$ $*" >> {heard}\nexec sleep 30\n')
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{player.parent}:{os.environ['PATH']}")
    return heard


def heard_lines(heard: Path, count: int) -> list[str]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        lines = heard.read_text().splitlines() if heard.exists() else []
        if len(lines) >= count:
            return lines
        time.sleep(0.02)
    raise AssertionError(f"only {lines} was played")


def test_ok__every_sentence_is_spoken_in_every_language(clips: Path) -> None:
    for code in ("en", "zh"):
        for clip in CLIPS:
            with wave.open(str(clips / code / f"{clip}.wav")) as sound:
                assert 0.2 < sound.getnframes() / sound.getframerate() < 6


def loudest(path: str | Path) -> int:
    with wave.open(str(path)) as sound:
        return int(np.abs(np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(int)).max())


def test_ok__volume_by_hour_plays_quieter_copies_and_keeps_nothing(clips: Path, slow_player: Path) -> None:
    percent = 25
    voice = Voice(clips, ("en", "zh"), volume=lambda: percent)
    voice.say("see_desk")
    played = heard_lines(slow_player, 1)[0].split()[-2:]
    for code, copy in zip(("en", "zh"), played, strict=True):
        assert loudest(copy) == pytest.approx(loudest(clips / code / "see_desk.wav") / 4, abs=1)
    percent = 0
    voice.say("come_closer")
    percent = 100
    voice.say("hold_still")
    assert heard_lines(slow_player, 2)[1].endswith(f"{clips}/zh/hold_still.wav"), "silence plays nothing"
    voice.close()
    assert not any(Path(copy).exists() for copy in played)


def test_ok__a_key_sounds_but_never_over_a_sentence(clips: Path, slow_player: Path) -> None:
    voice = Voice(clips, ("en",))
    voice.tick()
    assert heard_lines(slow_player, 1)[0].endswith("key.wav")
    voice.say("enter_pin")
    heard_lines(slow_player, 2)
    voice.tick()
    voice.say("see_desk")
    assert heard_lines(slow_player, 3)[2].endswith("see_desk.wav")
    voice.close()
    assert loudest(clips / "key.wav") < 17_000


def test_fail__a_recording_that_cannot_be_made_quieter_is_played_as_it_is(tmp_path: Path, slow_player: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "see_desk.wav").write_bytes(b"no sound")
    voice = Voice(tmp_path, ("en",), volume=lambda: 30)
    voice.say("see_desk")
    assert heard_lines(slow_player, 1)[0].endswith("en/see_desk.wav")
    voice.close()
    assert voice.complained


def test_ok__the_newest_sentence_wins_and_nothing_waits(clips: Path, slow_player: Path) -> None:
    voice = Voice(clips, ("en", "zh"))
    voice.say("see_desk")
    first, *_ = heard_lines(slow_player, 1)
    voice.say("come_closer")
    second = heard_lines(slow_player, 2)[1]
    assert second.endswith("come_closer.wav") and "/en/" in second and "/zh/" in second
    voice.close()
    voice.close()
    for line in (first, second):
        assert not Path(f"/proc/{line.split()[0]}").exists()


def test_ok__the_real_player_takes_the_files(clips: Path) -> None:
    voice = Voice(clips, ("en", "zh"), device="null")
    voice.say("walk_through")
    voice.close()
    assert not voice.complained


def test_ok__the_same_sentence_is_not_said_twice_at_once(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    voice = Voice(clips, ("zh",), device="null", monotonic=clock.monotonic)
    started: list[list[str]] = []
    real = subprocess.Popen

    def counted(command: list[str], **rest: int) -> "subprocess.Popen[bytes]":
        started.append(command)
        return real(command, **rest)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", counted)
    for _ in range(3):
        voice.say("hold_still")
    assert len(started) == 1
    clock.advance(SAME_AGAIN_S)
    voice.say("hold_still")
    assert len(started) == 2
    voice.close()


def test_fail__no_clips_or_no_player_is_said_once_and_harms_nothing(
    tmp_path: Path, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Voice(tmp_path, ("en",)).say("see_desk")
    monkeypatch.setenv("PATH", str(tmp_path))
    voice = Voice(clips, ("en",))
    voice.say("see_desk")
    voice.close()


def test_fail__without_espeak_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shutil.which("espeak-ng")
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(app, ["voice", "make", str(tmp_path)])
    assert done.exit_code == 1
    assert "apt install espeak-ng" in done.output
