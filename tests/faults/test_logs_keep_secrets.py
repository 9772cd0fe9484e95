"""No failure shows a PIN, a template, a picture or a key, in any log or on any terminal."""

import base64
import importlib
import json
import pkgutil
import re
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from sync_rig import free_port

import common
import contract
import edge
import hq
from common import tracebacks
from contract.messages import EnrolmentEvent, SealedTemplate, WorkerRecord
from edge.core.domain import Frame, ReaderEntry, Template, Worker
from hq.keys import keys

PIN, WORD = "40719352", "zebra-corridor"
VECTOR = np.linspace(0.123456, 0.654321, 128, dtype=np.float32)

FAIL = f"""
import sys
import numpy as np
from pydantic import BaseModel

class Asked(BaseModel):
    pin: int

def failing(how, *more, **named):
    '''Fails with secrets in its local variables, and quotes them as libraries do.'''
    pin, word, vector = {PIN!r}, {WORD!r}, np.linspace(0.123456, 0.654321, 128, dtype=np.float32)
    pixels, secret = np.full((4, 4, 3), 211, np.uint8), bytes(range(64, 96))
    if how == "quoted":
        int(pin + "x" + word)
    if how == "key":
        {{}}[pin, word]
    if how == "pydantic":
        Asked.model_validate({{"pin": pin + word, "vector": vector.tolist()}})
    if how == "array":
        raise ValueError(f"cannot use {{vector}} and {{pixels.tolist()}} and {{secret!r}} of {{pin}}")
    try:
        int(pin + word)
    except ValueError as error:
        raise RuntimeError(f"could not use '{{word}}'") from error

HOW = sys.argv.pop(1)
"""
HOWS = ("quoted", "key", "pydantic", "array", "chained")
SECRETS = (PIN, WORD, "0.12345", "0.65432", "211, 211", "@ABCDEFGH", base64.b64encode(VECTOR.tobytes()).decode()[:40])
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def run(program: str, how: str, *words: object, wait_s: float = 60) -> str:
    """A real process that fails like this; all it wrote."""
    done = subprocess.run(
        [sys.executable, "-c", FAIL + textwrap.dedent(program), how, *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=wait_s, check=False,
    )  # fmt: skip
    assert done.returncode != 0, done.stdout
    return done.stdout


def check(told: str, where: str = "in failing") -> None:
    assert where in told, f"the place of the fault is told: {told}"
    untimed = TIME.sub("", told)  # a fraction of a second may have the digits of a secret
    assert not [secret for secret in SECRETS if secret in untimed], told


@pytest.fixture
def hq_folder(tmp_path: Path) -> Path:
    keys.init(tmp_path / "hq", ("site-1",), free_port())
    return tmp_path / "hq"


@pytest.fixture
def gate_toml(tmp_path: Path, hq_folder: Path, models_dir: Path) -> Path:
    folder = hq_folder / "keys"
    (tmp_path / "frames").mkdir()
    path = tmp_path / "gate.toml"
    path.write_text(
        f"""
        [paths]
        state_dir = "state"
        models_dir = {json.dumps(str(models_dir))}
        [keys]
        hq_signing_public_path = {json.dumps(str(folder / "hq-signing.pub.pem"))}
        hq_sealing_public_path = {json.dumps(str(folder / "hq-sealing.pub.pem"))}
        site_private_path = {json.dumps(str(folder / "sites" / "site-1.key.pem"))}
        [gate]
        pins = "mock"
        [sync]
        broker_port = {free_port()}
        tls = false
        [screen]
        port = {free_port()}
        """
    )
    return path


@pytest.mark.parametrize("how", HOWS)
def test_fail__a_turn_of_the_gate(gate_toml: Path, how: str) -> None:
    """Logged twenty times, then the process ends with the exception uncaught."""
    program = """
    from edge import cli
    from edge.loop import gate_loop
    gate_loop.GateLoop._turn = lambda self: failing(HOW)
    sys.argv = ["sitegate", "gate", "-c", sys.argv[1], *sys.argv[2:]]
    cli.main()
    """
    told = run(program, how, gate_toml, "--log-json")
    check(told)
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    failed = [line for line in lines if line["event"] == "step_failed"]
    assert len(failed) == 20 and "failing" in failed[0]["exception"][0]["frames"][-1 if how != "pydantic" else -2]
    assert "not caught" in told


def test_fail__the_matchers_thread_and_a_destructor(gate_toml: Path) -> None:
    program = """
    import gc, threading
    from edge import cli
    from edge.loop import gate_loop

    class Bad:
        def __del__(self):
            failing("array")

    def turn(self):
        thread = threading.Thread(target=failing, args=("key",))
        thread.start()
        thread.join()
        Bad()
        gc.collect()
        raise SystemExit(3)

    gate_loop.GateLoop._turn = turn
    sys.argv = ["sitegate", "gate", "-c", sys.argv[1]]
    cli.main()
    """
    told = run(program, "both", gate_toml)
    check(told)
    assert "in a thread" in told and "in a destructor" in told


@pytest.mark.parametrize("how", HOWS)
def test_fail__the_sync_process(gate_toml: Path, how: str) -> None:
    program = """
    from edge import cli
    from edge.sync import service
    service.SyncService._receive = lambda self, timeout_s: failing(HOW)
    sys.argv = ["sitegate", "sync", "-c", sys.argv[1]]
    cli.main()
    """
    check(run(program, how, gate_toml))


@pytest.mark.parametrize("how", ["quoted", "array", "pydantic"])
def test_fail__a_page_of_the_screen(gate_toml: Path, how: str, tmp_path: Path) -> None:
    program = """
    from edge import cli
    from edge.screen import lane_view as lane
    from starlette.applications import Starlette
    from starlette.routing import Route
    from edge.app import screen
    screen.create_app = lambda *more: Starlette(routes=[Route("/", lambda request: failing(HOW))])
    sys.argv = ["sitegate", "screen", "-c", sys.argv[1]]
    cli.main()
    """
    log, port = tmp_path / "log", gate_toml.read_text().rpartition("port = ")[2].split()[0]
    with log.open("wb") as out:
        command = [sys.executable, "-c", FAIL + textwrap.dedent(program), how, str(gate_toml)]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    body, end = "", time.monotonic() + 60
    try:
        while not body and time.monotonic() < end and process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
            except urllib.error.HTTPError as error:
                body = error.read().decode()
            except OSError:
                time.sleep(0.1)
    finally:
        process.terminate()
        process.wait(20)
    check(log.read_text())
    check(body, "Internal Server Error")


@pytest.mark.parametrize("how", HOWS)
def test_fail__the_hq_process(hq_folder: Path, how: str) -> None:
    program = """
    from hq import cli
    from hq.service import HqService
    HqService.step = lambda self, timeout_s: failing(HOW)
    sys.argv = ["sitegate-hq", "run", "--dir", sys.argv[1]]
    cli.main()
    """
    check(run(program, how, hq_folder), "error: could not use" if how == "chained" else "in failing")


@pytest.mark.parametrize("how", HOWS)
def test_fail__commands(hq_folder: Path, gate_toml: Path, how: str) -> None:
    at_hq = """
    from hq import cli; from hq.reports import report
    report.gates = lambda *more: failing(HOW)
    sys.argv = ["sitegate-hq", "gates", "--dir", sys.argv[1]]
    cli.main()
    """
    at_gate = """
    from edge import cli
    from edge.commands import events
    events._reader = lambda *more: failing(HOW)
    sys.argv = ["sitegate", "events", "list", "-c", sys.argv[1]]
    cli.main()
    """
    check(run(at_hq, how, hq_folder), "error: could not use" if how == "chained" else "in failing")
    check(run(at_gate, how, gate_toml))


def test_ok__an_exception_keeps_what_helps() -> None:
    said = [
        (
            FileNotFoundError(2, "No such file or directory", "/etc/sitegate/gate.toml"),
            "directory: /etc/sitegate/gate.toml",
        ),
        (ValueError("operands could not be broadcast together with shapes (128,) (64,)"), "shapes (128,) (64,)"),
        (ValueError(f"invalid literal for int() with base 10: '{PIN}'"), "invalid literal for int() with base 10: …"),
        (KeyError(PIN), "…"),
    ]
    for error, expected in said:
        assert tracebacks.message(error).endswith(expected)
    try:
        SealedTemplate.model_validate({"model_id": 7, "vector": PIN})
    except ValidationError as error:
        assert tracebacks.message(error) == "model_id: Input should be a valid string" and PIN not in str(error)


def test_ok__no_model_and_no_value_shows_a_secret() -> None:
    """A model that shows its input in an error would show PINs and templates. None does."""
    modules = []
    for package in (common, contract, edge, hq):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__") and ".migrations" not in found.name:
                try:
                    modules.append(importlib.import_module(found.name))
                except ModuleNotFoundError as error:  # of a gate's hardware
                    assert error.name not in ("common", "contract", "edge", "hq")
    models = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, BaseModel)
        and thing.__module__.split(".")[0] in ("common", "contract", "edge", "hq")
    }
    assert len(models) > 60
    assert not [model for model in models if not model.model_config.get("hide_input_in_errors")]
    adapters = {
        name: thing for module in modules for name, thing in vars(module).items() if isinstance(thing, TypeAdapter)
    }
    for name, adapter in adapters.items():
        with pytest.raises(ValidationError) as failure:
            adapter.validate_python(object.__new__(type(PIN, (), {"__repr__": lambda self: PIN})))
        assert PIN not in str(failure.value), name


def test_ok__no_value_shows_its_secret() -> None:
    raw = VECTOR.astype("<f2").tobytes()
    values = [
        Frame(np.full((4, 4, 3), 211, np.uint8), 0.0, 1),
        Template(VECTOR, "m"),
        ReaderEntry(PIN, 0.0),
        Worker("w", pin=PIN, cards=(PIN,)),
        SealedTemplate(model_id="m", vector=raw),
        WorkerRecord(worker_id="w", pin=PIN, templates=(SealedTemplate(model_id="m", vector=raw),)),
        EnrolmentEvent.model_construct(sealed_record=raw),
    ]
    for value in values:
        for shown in (repr(value), str(value)):
            assert not [secret for secret in (*SECRETS, repr(raw)[2:20]) if secret in shown], type(value)
