"""Somebody unknown to the gate's eye walks up with HQ's code in the hand: film, camera thread, matcher, journal,
pins."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from loop_rig import Lists

from contract.code import Code, make
from contract.messages import AccessEvent, Reason
from contract.policy import Factor
from edge.camera import CaptureThread
from edge.core.config import Config, GateConfig, IndicatorConfig, LivenessConfig, MatcherConfig, ReaderConfig
from edge.core.domain import ListAge, RosterState, Worker
from edge.devices.gate import GpioGate, make_factory
from edge.devices.indicator import GpioIndicator
from edge.devices.readers.qr_codes import QrCodeReader
from edge.loop import Adapters, GateLoop
from edge.matcher import open_matcher
from edge.sim import WalkUpSource, load_script
from edge.storage.desk import DeskReader
from edge.storage.journal import Journal, JournalReader
from edge.system.clock import SystemClock
from edge.tools.demo.cast import ACTS, portraits, walk_up_script

KEY, FORGER = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2))


@pytest.mark.parametrize("signer", [KEY, FORGER])
def test_ok__from_camera_to_relay_with_a_code_and_no_enrolled_face(
    tmp_path: Path, models_dir: Path, photos_dir: Path, signer: Ed25519PrivateKey
) -> None:
    matcher = open_matcher(MatcherConfig(), models_dir, LivenessConfig())
    act = replace(ACTS[1], near_px=120, stay_s=1.2)
    text = walk_up_script(portraits(photos_dir, matcher), tmp_path / "go", 30, acts=(act,))
    clock = SystemClock()
    config = Config(
        gate=GateConfig(pins="mock", passage_pin=22, mock_walk_through_s=0.2), reader=ReaderConfig(codes_every_ms=50)
    )
    journal = Journal(tmp_path / "journal.db", config.site, clock)
    now = clock.utc().replace(microsecond=0) + timedelta(seconds=1)  # a code from before the journal is refused
    code = make(Code("w1", "site-1", now, now + timedelta(minutes=5)), signer)
    (tmp_path / "script.toml").write_text(text + f'code = "{code}"\n')
    (tmp_path / "go").touch()
    script = load_script(tmp_path / "script.toml")
    age = ListAge(1, now)
    worker = Worker("w1", frozenset({"site-1"}), training_valid_until=date(2099, 1, 1))
    lists = Lists(RosterState(workers={"w1": worker}, roster=age, risk=age))
    factory = make_factory(config.gate)
    camera = CaptureThread(lambda: WalkUpSource(script, False, clock), config.camera, clock)
    gate, indicator = GpioGate(config.gate, factory), GpioIndicator(IndicatorConfig(), factory)
    codes = QrCodeReader(config, KEY.public_key(), clock)
    adapters = Adapters(
        camera=camera,
        matcher=matcher,
        gate=gate,
        indicator=indicator,
        roster=lists,
        journal=journal,
        desk_requests=DeskReader(tmp_path / "desk.db"),
        clock=clock,
        code_reader=codes,
    )
    loop = GateLoop(config, adapters)
    camera.start()
    released = False
    end = datetime.now(UTC) + timedelta(seconds=script.duration_s + 2)
    while datetime.now(UTC) < end and not released:
        loop.step()
        released = released or gate.energised
    reader = JournalReader(tmp_path / "journal.db")
    decisions = [e for e in reader.latest(100)[::-1] if isinstance(e, AccessEvent)]
    loop.close()
    reader.close()
    factory.close()
    told = [(e.reason, e.worker_id) for e in decisions if e.reason is not Reason.UNKNOWN]
    if signer is FORGER:
        assert told == [(Reason.FACTOR_REFUSED, None)] and not released
        return
    assert told == [(Reason.GRANTED, "w1")] and released
    (granted,) = (e for e in decisions if e.granted)
    assert granted.factors == (Factor.CODE,)
