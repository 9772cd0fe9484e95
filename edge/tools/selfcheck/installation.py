"""Check what is installed: clock, disk, keys, passwords, weights."""

import shutil
from pathlib import Path

from common.check_result import CheckResult, CheckState
from contract.messages import DiskStep
from contract.signing import BadKey, key_id, read_sealing_public, sealing_privates
from edge.app.roster import open_roster
from edge.app.state_folders import folders, gate_key_files, link_key_files
from edge.core.config import Config
from edge.core.disk_policy import next_step
from edge.core.layout import GATE
from edge.matcher.weights.manifest import (
    Model,
    ModelError,
    OwnModel,
    find_pack,
    load_manifest,
    own_folder,
    read_verified,
)
from edge.storage.disk_space import leftovers
from edge.storage.high_water import HighWater
from edge.system.clock import BEHIND_MAX, SystemClock
from edge.system.inline_secrets import INLINE
from edge.system.key_files import credential


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
        todo = "correct it; if it is right now: sudo sitegate clock believe --why …"
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
        names = _screen_keys(config)
    except BadKey as error:
        return CheckResult(
            "keys", CheckState.PROBLEM, str(error), "copy this site's key files from HQ (sitegate-hq init)"
        )
    if not isinstance(names, CheckResult):
        secret.append(names[0])
    if exposed := [str(path) for path in secret if path.exists() and path.stat().st_mode & 0o007]:
        named = " and ".join(exposed)
        return CheckResult(
            "keys", CheckState.WARNING, f"readable by everybody: {named}", f"chmod o= {' '.join(exposed)}"
        )
    if isinstance(names, CheckResult):
        return names
    named = (
        f"signatures of {', '.join(roster.state.trusts)} are trusted, seals for {', '.join(roster.state.opens)} opened"
        f", names for {', '.join(names[1])}"
    )
    return CheckResult("keys", CheckState.OK, f"HQ's public keys and this site's key are readable: {named}")


def _screen_keys(config: Config) -> tuple[Path, tuple[str, ...]] | CheckResult:
    """Return the screen key's file and ids, or what is wrong. Without it the gate works, and pages show ids."""
    try:
        path = credential(config.keys.screen_private_path)
        return path, tuple(key_id(key) for key in sealing_privates(path))
    except BadKey as error:
        detail = f"no names on the screen: {error}"
        todo = "copy keys/sites/SITE.screen.key.pem from HQ as screen.key.pem, then: systemd-tmpfiles --create sitegate.conf"
        return CheckResult("keys", CheckState.WARNING, detail, todo)


def secrets(config: Config) -> CheckResult:
    """Find passwords that all three processes can read."""
    named = [
        f"{section}.{key}" for section, key, _, _ in INLINE if getattr(getattr(config, section), key).get_secret_value()
    ]
    if named:
        names = " and ".join(named)
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
