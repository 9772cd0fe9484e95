"""Is this gate ready? One question per function; none of them changes anything or opens anything."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from contract.messages import DiskStep
from contract.signing import BadKey, read_sealing_public
from edge.app.gate import make_camera
from edge.app.roster import open_roster
from edge.app.state_folders import DESK, JOURNAL, SCORES, folders, gate_key_files, link_key_files
from edge.camera import CameraFault
from edge.core.config import Config
from edge.core.decision import look_alikes_in_words, tiers
from edge.core.disk_policy import next_step
from edge.core.layout import GATE
from edge.core.ports import GateError
from edge.devices.gate import GpioGate, make_factory
from edge.devices.pin_fault import library_errors
from edge.devices.readers.evdev_source import EvdevSource
from edge.devices.thermometer import SensorFault, object_celsius, open_bus
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.look_alikes import marked
from edge.matcher.gallery.threshold import ThresholdChoice, choose_threshold, false_match_rate, threshold_at_size
from edge.matcher.score_monitor.drift import find_drift
from edge.matcher.score_monitor.site_threshold import WORKERS_MIN, correction, site_tail
from edge.matcher.weights.manifest import (
    Model,
    ModelError,
    OwnModel,
    find_pack,
    load_manifest,
    model_id,
    own_folder,
    read_verified,
)
from edge.sim import ScriptError
from edge.storage.desk import DeskReader
from edge.storage.disk_space import leftovers
from edge.storage.high_water import HighWater
from edge.storage.journal import JournalReader
from edge.storage.score_store import ScoreReader
from edge.sync.mqtt import LinkError, MqttLink
from edge.system.certificate_expiry import WARN_DAYS, days_left
from edge.system.clock import BEHIND_MAX, SystemClock
from edge.system.inline_secrets import INLINE
from edge.system.key_files import credential

CAMERA_WAIT_S = 8.0
LIVE_MAX_S = 5.0
GROWN = (1_000, 10_000, 50_000)
"""Gallery sizes for which the threshold is foretold."""
PERSIST = "pinctrl_*/parameters/persist_gpio_outputs"


class CheckState(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to one question. `todo` says what to do, '' if nothing; `figures` are the numbers in `detail`, by name.
    `grave`: shown in red though the gate works as it was told to."""

    what: str
    state: CheckState
    detail: str
    todo: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    grave: bool = False


def ask_all(config: Config) -> Iterator[CheckResult]:
    """One finding per question, as each is answered."""
    running = gate_is_running(config)
    asked = (clock, disk, keys, secrets, weights, liveness, lists, threshold, own_scores, look_alikes)
    questions: tuple[Callable[[Config], CheckResult], ...] = asked
    yield from (_asked(question, config) for question in questions)
    if running:
        yield CheckResult("camera", CheckState.OK, "in use by the running gate")
        yield CheckResult("pins", CheckState.OK, "in use by the running gate")
        yield CheckResult("ways in", CheckState.OK, "in use by the running gate")
    else:
        yield from (_asked(question, config) for question in (camera, pins, ways_in))
    if config.temperature.sensor != "off":
        yield _asked(thermometer, config)
    yield _asked(broker, config)


def _asked(question: Callable[[Config], CheckResult], config: Config) -> CheckResult:
    """The answer. What a library, the disk or a device raises keeps none of the other questions from being asked."""
    try:
        return question(config)
    except library_errors() as error:
        name = question.__name__.replace("_", " ")
        return CheckResult(name, CheckState.PROBLEM, f"cannot be answered: {error}", "see journalctl and dmesg")


def clock(config: Config) -> CheckResult:
    now = SystemClock()
    if not now.trusted():
        return CheckResult(
            "clock",
            CheckState.PROBLEM,
            f"{now.utc():%Y-%m-%d %H:%M} UTC: before this software was made; the gate admits nobody",
            "set it (timedatectl set-time), connect the network for NTP, or fit the clock's battery",
        )
    known = HighWater(config.paths.state_dir / GATE, writes=False).marks.trusted_utc
    if known is not None and known - now.utc() > BEHIND_MAX:
        detail = f"{now.utc():%Y-%m-%d %H:%M} UTC is behind {known:%Y-%m-%d %H:%M} UTC, which this gate has seen: not trusted"
        todo = "set it right; if it is right now: sudo sitegate clock believe --why …"
        return CheckResult("clock", CheckState.PROBLEM, detail, todo)
    return CheckResult("clock", CheckState.OK, f"{now.utc():%Y-%m-%d %H:%M:%S} UTC")


def disk(config: Config) -> CheckResult:
    folder = config.paths.state_dir
    while not folder.exists():
        folder = folder.parent
    free_mb = shutil.disk_usage(folder).free // 10**6
    step = next_step(DiskStep.OK, free_mb, config.disk)
    aside = leftovers(*folders(config))
    detail = f"{free_mb} MB free in {folder}, step {step.value}"
    detail += f"; set aside as damaged: {', '.join(aside)}" if aside else ""
    todo = f"free at least {config.disk.low_mb} MB; bring back the connection to HQ"
    if step is DiskStep.OK:
        todo = "copy the damaged files away and delete them here" if aside else ""
        return CheckResult("disk", CheckState.WARNING if aside else CheckState.OK, detail, todo)
    return CheckResult("disk", CheckState.WARNING if step is DiskStep.LOW else CheckState.PROBLEM, detail, todo)


def keys(config: Config) -> CheckResult:
    try:
        roster = open_roster(config)
        roster.close()
        read_sealing_public(config.keys.hq_sealing_public_path)
        secret = [credential(config.keys.site_private_path), gate_key_files(config)[0], link_key_files(config)[0]]
    except BadKey as error:
        return CheckResult(
            "keys", CheckState.PROBLEM, str(error), "copy this site's key files from HQ (sitegate-hq init)"
        )
    if exposed := [str(path) for path in secret if path.exists() and path.stat().st_mode & 0o007]:
        told = " and ".join(exposed)
        return CheckResult(
            "keys", CheckState.WARNING, f"readable by everybody: {told}", f"chmod o= {' '.join(exposed)}"
        )
    told = (
        f"signatures of {', '.join(roster.state.trusts)} are trusted, seals for {', '.join(roster.state.opens)} opened"
    )
    return CheckResult("keys", CheckState.OK, f"HQ's public keys and this site's key are readable: {told}")


def secrets(config: Config) -> CheckResult:
    """Passwords that stand where all three processes read them."""
    told = [
        f"{section}.{key}" for section, key, _, _ in INLINE if getattr(getattr(config, section), key).get_secret_value()
    ]
    if told:
        names = " and ".join(told)
        detail = f"{names} in the configuration: every process can read it, only one needs it"
        return CheckResult("secrets", CheckState.WARNING, detail, "sudo sitegate config move-secrets")
    return CheckResult("secrets", CheckState.OK, "no password in the configuration")


def weights(config: Config) -> CheckResult:
    try:
        folder = own_folder(config.matcher.pack) or config.paths.models_dir
        models: list[Model | OwnModel] = list(find_pack(config.matcher.pack).models)
        for model in models:
            read_verified(model, folder)
        if config.liveness.passive:
            models.append(load_manifest().passive_liveness.model)
            read_verified(models[-1], config.paths.models_dir)
    except ModelError as error:
        detail, _, todo = str(error).partition("; ")
        return CheckResult("weights", CheckState.PROBLEM, detail, todo)
    return CheckResult("weights", CheckState.OK, f"{', '.join(m.name for m in models)} verified")


def liveness(config: Config) -> CheckResult:
    """What becomes of a photo that is held to the camera."""
    mode = config.liveness.in_force
    if danger := config.liveness.danger:
        detail, _, todo = danger.partition("). ")
        return CheckResult("liveness", CheckState.WARNING, f"{detail})", todo, grave=True)
    asked = "everybody is" if mode == "required" else "whoever has not been seen to turn the head is"
    return CheckResult("liveness", CheckState.OK, f"{mode}: {asked} asked to turn it, and only live people pass")


def lists(config: Config) -> CheckResult:
    try:
        reader = open_roster(config)
    except BadKey:
        return CheckResult("lists", CheckState.PROBLEM, "cannot be read without the keys", "correct the keys first")
    reader.refresh()
    refused = [incident.detail for incident in reader.incidents()]
    state, now = reader.state, SystemClock().utc()
    trouble = reader.trouble
    reader.close()
    if trouble:
        return CheckResult(
            "lists", CheckState.PROBLEM, trouble, "run sitegate check with sudo; see that sitegate sync runs"
        )
    if state.withheld:
        names = ", ".join(sorted(kind.value for kind in state.withheld))
        detail = f"not believed, because newer ones were in force here: {names}; the gate admits nobody on them"
        todo = "bring back the connection to HQ; if HQ was restored from a backup: sudo sitegate roster accept --why …"
        return CheckResult("lists", CheckState.PROBLEM, detail, todo)
    if not state.roster.version or not state.risk.version:
        missing = "roster" if not state.roster.version else "risk list"
        todo = "start sitegate sync and wait for HQ, or ask HQ to publish"
        return CheckResult(
            "lists", CheckState.PROBLEM, f"no {missing} yet{': ' + refused[-1] if refused else ''}", todo
        )
    found, _ = tiers(state, config.site.site_id, now)
    detail = f"roster version {state.roster.version} is {found.value}: {len(state.workers)} workers, {len(state.templates)} templates"
    if refused:
        return CheckResult(
            "lists", CheckState.WARNING, f"{detail}; last refusal: {refused[-1]}", "see sitegate events list"
        )
    return CheckResult("lists", CheckState.OK, detail)


def threshold(config: Config) -> CheckResult:
    """From which score a candidate counts, and what that follows from."""
    try:
        gallery, choice = _gallery(config)
        tail = find_pack(config.matcher.pack).impostor_tail
    except (BadKey, ModelError):
        return CheckResult("threshold", CheckState.WARNING, "cannot be computed", "correct keys and weights first")
    target, by_hand = config.matcher.fpir_target, config.matcher.threshold
    used = choice.threshold if by_hand is None else by_hand
    rate = false_match_rate(choice.tail, used)
    grown = {size: threshold_at_size(tail, choice, size, target) for size in GROWN}
    figures = {"threshold": used, "fpir_target": target, "workers": gallery.size, "fmr": rate}
    figures |= {f"threshold_{size}": value for size, value in grown.items()}
    whose = "the pack's" if choice.source == "pack" else "this gallery's own"
    later = ", ".join(f"{value:.3f} for {size:,}" for size, value in grown.items())
    detail = (
        f"{used:.3f} for {gallery.size} workers; target FPIR {target:.2%}, by {whose} tail of scores of different people, "
        f"expected FMR {rate:.1e} per comparison; it would be {later}"
    )
    if by_hand is not None and by_hand < choice.threshold:
        todo = f"matcher.threshold is set by hand and too low: {choice.threshold:.3f} keeps the target; unset it"
        return CheckResult("threshold", CheckState.WARNING, detail, todo, figures)
    return CheckResult("threshold", CheckState.OK, detail, "", figures)


def own_scores(config: Config) -> CheckResult:
    """What the scores counted at this gate say of threshold and camera."""
    if config.matcher.self_calibrate == "off":
        return CheckResult("own scores", CheckState.OK, "not counted (matcher.self_calibrate)")
    try:
        gallery, choice = _gallery(config)
        pack = find_pack(config.matcher.pack)
    except (BadKey, ModelError):
        return CheckResult("own scores", CheckState.WARNING, "cannot be judged", "correct keys and weights first")
    reader = ScoreReader(config.paths.state_dir / SCORES)
    days = [d for d in reader.days() if d.model_id == model_id(config.matcher.pack, pack.embedder)]
    reader.close()
    today = SystemClock().utc().date()
    shifts = find_drift(days, today)
    figures = {f"drift_{shift.kind}": shift.index / shift.limit for shift in shifts}
    if alarms := [str(shift) for shift in shifts if shift.alarming]:
        todo = "clean the lens, check the light, see who is not recognised (docs/OPERATIONS.md)"
        return CheckResult("own scores", CheckState.WARNING, "; ".join(alarms), todo, figures)
    steady = "steady" if shifts else "too few days to see a drift"
    site = site_tail(days, gallery.size, config.matcher.fpir_target, today, pack.impostor_tail.scale)
    if site is None:
        return CheckResult(
            "own scores", CheckState.OK, f"{steady}; fewer than {WORKERS_MIN} workers a day: no proposal", "", figures
        )
    found = correction(choice.threshold, site)
    figures |= {"site_threshold": site.threshold, "standard_error": site.standard_error, "correction": found}
    detail = f"{steady}; {site.workers} workers' scores give {site.threshold:.3f} ± {site.standard_error:.3f}"
    if not found:
        return CheckResult("own scores", CheckState.OK, f"{detail}: no correction", "", figures)
    detail += f": proposed threshold {choice.threshold + found:.3f} ({found:+.3f})"
    if config.matcher.self_calibrate == "apply":
        return CheckResult("own scores", CheckState.OK, f"{detail}, in use", "", figures)
    return CheckResult(
        "own scores", CheckState.WARNING, detail, 'set matcher.self_calibrate = "apply" to use it', figures
    )


def _gallery(config: Config) -> tuple[Gallery, ThresholdChoice]:
    """The gallery as the gate would load it now, and its threshold. Raises BadKey, ModelError."""
    pack = find_pack(config.matcher.pack)
    reader = open_roster(config)
    reader.refresh()
    model = model_id(config.matcher.pack, pack.embedder)
    gallery = Gallery.build(reader.state.templates, model, pack.embedder.dimension)
    reader.close()
    return gallery, choose_threshold(pack.impostor_tail, gallery, config.matcher.fpir_target)


def look_alikes(config: Config) -> CheckResult:
    """Who on the roster cannot be told apart by the face alone."""
    try:
        reader = open_roster(config)
        reader.refresh()
        templates = reader.state.templates
        reader.close()
        found = {worker_id: other.worker_id for worker_id, other in marked(templates, config.matcher).items()}
    except (BadKey, ModelError):
        return CheckResult("look-alikes", CheckState.WARNING, "cannot be looked for", "correct keys and weights first")
    if found:
        detail = f"{len(found)} workers are not told apart by the face alone: {look_alikes_in_words(found)}"
        return CheckResult(
            "look-alikes", CheckState.WARNING, detail, "the gate sends them to the desk: see sitegate roster list"
        )
    return CheckResult("look-alikes", CheckState.OK, f"none among {len(templates)} templates")


def camera(config: Config) -> CheckResult:
    try:
        device = make_camera(config, SystemClock())
    except (CameraFault, ScriptError) as error:
        return CheckResult("camera", CheckState.PROBLEM, str(error), "correct [camera] in the configuration")
    try:
        device.start()
        frame = device.wait(0, CAMERA_WAIT_S)
        status = device.status()
    finally:
        device.close()
    if frame is None:
        todo = "" if ": " in status.detail else "check the cable and [camera] in the configuration"
        return CheckResult("camera", CheckState.PROBLEM, status.detail, todo)
    height, width = frame.image.shape[:2]
    return CheckResult(
        "camera", CheckState.OK, f"{config.camera.source}: {width} x {height}, mean brightness {frame.image.mean():.0f}"
    )


def pins(config: Config) -> CheckResult:
    """Sets the relay to locked, which it is anyway, and looks whether it is."""
    try:
        factory = make_factory(config.gate)
        gate = GpioGate(config.gate, factory)
    except GateError as error:
        detail, _, todo = str(error).partition(": ")
        return CheckResult("pins", CheckState.PROBLEM, detail, todo)
    try:
        locked = not gate.energised
    finally:
        gate.close()
        factory.close()
    if any(_says_yes(path) for path in Path("/sys/module").glob(PERSIST)):
        todo = "add dtparam=strict_gpiod to /boot/firmware/config.txt and restart (docs/SAFETY.md)"
        return CheckResult(
            "pins", CheckState.WARNING, "relay locked, but this kernel keeps a killed program's pin levels", todo
        )
    kind = "gpiozero's mock pins: nothing is wired" if config.gate.pins == "mock" else "lgpio"
    if not locked:
        return CheckResult(
            "pins", CheckState.PROBLEM, "the relay does not lock", "check its wiring and gate.relay_active_high"
        )
    return CheckResult(
        "pins", CheckState.WARNING if config.gate.pins == "mock" else CheckState.OK, f"relay locked ({kind})"
    )


def _says_yes(path: Path) -> bool:
    try:
        return path.read_text().strip() == "Y"
    except OSError:
        return False


def ways_in(config: Config) -> CheckResult:
    """Is there a way in for whom the camera does not know?"""
    ways = ["codes"] if config.reader.codes else []
    if config.reader.device:
        source = EvdevSource(config.reader.device)
        try:
            source.open()
        except OSError as error:
            detail, _, todo = str(error).partition(": ")
            return CheckResult("ways in", CheckState.PROBLEM, detail, todo)
        finally:
            source.close()
        ways.append("cards and PINs")
    desk = DeskReader(config.paths.state_dir / DESK)
    ways += ["the desk"] if desk.has_accounts() else []
    desk.close()
    if not ways:
        todo = "set reader.codes or reader.device, or make an account: sitegate account add NAME"
        return CheckResult("ways in", CheckState.WARNING, "the face only: whom it does not know stays outside", todo)
    return CheckResult("ways in", CheckState.OK, f"beside the face: {', '.join(ways)}")


def thermometer(config: Config) -> CheckResult:
    where = config.temperature
    if where.sensor == "simulated":
        return CheckResult(
            "thermometer", CheckState.WARNING, "simulated: nobody is measured", "fit a sensor, or turn it off"
        )
    try:
        bus = open_bus(where.bus)
        try:
            celsius = object_celsius(bus, where.address)
        finally:
            bus.close()
    except (OSError, SensorFault) as error:
        todo = f"check wires and address (i2cdetect -y {where.bus}), dtparam=i2c_arm=on, and that this user is in group i2c"
        return CheckResult(
            "thermometer", CheckState.PROBLEM, f"I2C bus {where.bus}, address {where.address:#04x}: {error}", todo
        )
    return CheckResult("thermometer", CheckState.OK, f"{celsius:.1f} °C before the sensor now")


def broker(config: Config) -> CheckResult:
    where = f"{config.sync.broker_host}:{config.sync.broker_port}"
    try:
        link = MqttLink(config.sync, f"sitegate-check-{config.site.gate_id}", [])
    except LinkError as error:
        return CheckResult("broker", CheckState.PROBLEM, str(error), "correct [sync] in the configuration")
    link.start()
    deadline = time.monotonic() + config.sync.connect_timeout_s
    while not link.state.connected and link.state.detail in ("", "not connected yet") and time.monotonic() < deadline:
        time.sleep(0.05)
    state = link.state
    link.close()
    if not state.connected:
        todo = "the gate works on without it; check broker, network, [sync]"
        return CheckResult("broker", CheckState.PROBLEM, f"{where}: {state.detail}", todo)
    connected = f"connected to {where}{' with TLS' if config.sync.tls else ''}"
    path = config.sync.client_cert_path
    if path is not None and (left := days_left(path, SystemClock().utc())) < WARN_DAYS:
        todo = f"renew {path}; sync takes it at its next connection (systemctl restart sitegate-sync)"
        return CheckResult(
            "broker", CheckState.WARNING, f"{connected}; this gate's certificate ends in {left:.0f} days", todo
        )
    return CheckResult("broker", CheckState.OK, connected)


def gate_is_running(config: Config) -> bool:
    """The gate process has told of itself in the last seconds; it then has camera and pins."""
    reader = JournalReader(config.paths.state_dir / JOURNAL)
    live = reader.live()
    reader.close()
    return live is not None and (SystemClock().utc() - live.utc).total_seconds() < LIVE_MAX_S
