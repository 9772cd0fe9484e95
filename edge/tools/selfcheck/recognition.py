"""Check what the gate will recognise: lists, threshold, the site's own scores, look-alikes, liveness."""

from common.check_result import CheckResult, CheckState
from contract.signing import BadKey
from edge.app.roster import open_roster
from edge.app.state_folders import SCORES
from edge.core.config import Config
from edge.core.decision import look_alikes_in_words, tiers
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.look_alikes import marked
from edge.matcher.gallery.threshold import ThresholdChoice, choose_threshold, false_match_rate, threshold_at_size
from edge.matcher.score_monitor.drift import find_drift
from edge.matcher.score_monitor.site_threshold import WORKERS_MIN, correction, site_tail
from edge.matcher.weights.manifest import (
    ModelError,
    find_pack,
    model_id,
)
from edge.storage.score_store import ScoreReader
from edge.system.clock import SystemClock

GROWN = (1_000, 10_000, 50_000)
"""Gallery sizes for which the future threshold is computed."""


def liveness(config: Config) -> CheckResult:
    """Check what happens to a photo that is held to the camera."""
    mode = config.liveness.in_force
    if danger := config.liveness.danger:
        detail, _, todo = danger.partition("). ")
        return CheckResult("liveness", CheckState.WARNING, f"{detail})", todo, grave=True)
    asked = "everybody is" if mode == "required" else "everybody who has not been seen to turn the head is"
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
        detail = f"not used, because newer ones were in force here: {names}; the gate admits nobody on them"
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
    """Compute the score from which a candidate counts, and its origin."""
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
        todo = f"matcher.threshold is configured and too low: {choice.threshold:.3f} keeps the target; unset it"
        return CheckResult("threshold", CheckState.WARNING, detail, todo, figures)
    return CheckResult("threshold", CheckState.OK, detail, "", figures)


def own_scores(config: Config) -> CheckResult:
    """Check what the scores counted at this gate say of threshold and camera."""
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
    """Build the gallery as the gate would load it now, and its threshold. Raises BadKey, ModelError."""
    pack = find_pack(config.matcher.pack)
    reader = open_roster(config)
    reader.refresh()
    model = model_id(config.matcher.pack, pack.embedder)
    gallery = Gallery.build(reader.state.templates, model, pack.embedder.dimension)
    reader.close()
    return gallery, choose_threshold(pack.impostor_tail, gallery, config.matcher.fpir_target)


def look_alikes(config: Config) -> CheckResult:
    """Find the workers whom the face alone cannot tell apart."""
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
