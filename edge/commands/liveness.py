"""`sitegate liveness`: measure what the liveness check can tell apart."""

import json
import random
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from common.terminal.console import Table
from edge.commands.common import JsonOption, err, example, fail, out
from edge.core.config import LIVENESS_MODES, LivenessConfig, MatcherConfig
from edge.matcher import ModelError, fetch_pack, load_manifest
from edge.system.pinned_packages import PackageError, cache_dir

if TYPE_CHECKING:
    from edge.matcher import FaceEngine

app = typer.Typer(no_args_is_help=True, help="Try the liveness check.")

MODES = ("advisory", "challenge_on_doubt", "required")


@app.command(epilog=example("sitegate liveness simulate", "sitegate liveness simulate --noise 0.03 --steps 1 --json"))
def simulate(
    mode: Annotated[str, typer.Option(help="The mode of [liveness]: " + ", ".join(MODES) + ".")] = "required",
    trials: Annotated[int, typer.Option(min=10, max=100_000, help="Presentations of each kind.")] = 2_000,
    steps: Annotated[int, typer.Option(min=1, max=4, help="Movements asked for.")] = LivenessConfig().challenge_steps,
    noise: Annotated[
        float, typer.Option(min=0, max=0.1, help="Standard deviation of a landmark, in eye distances.")
    ] = 0.015,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Present simulated heads, photos and screens to the check, and count its errors by kind (ISO/IEC 30107-3)."""
    from edge.tools.evaluation import liveness_trials as simulation

    if mode not in MODES:
        raise fail(f"--mode {mode} is not one of {', '.join(MODES)}", 2)
    config = LivenessConfig.model_validate({"mode": mode, "challenge_steps": steps})
    outcomes = []
    with Progress(console=err, transient=True) as progress:
        for kind in progress.track(simulation.KINDS, description="presenting…"):
            outcomes.append(simulation.run(kind, config, noise, trials, seed))
    settings = {"mode": mode, "steps": steps, "noise": noise, "seed": seed, "trials": trials}
    if as_json:
        out.print_json(json.dumps({"settings": settings, "outcomes": [asdict(o) for o in outcomes]}))
        return
    title = f"mode {mode}, {steps} step(s), landmark noise {100 * noise:g} % of the eye distance, {trials} trials each"
    table = Table("presented", "error", "%", "95 %", "median s", "95th s", title=title, title_justify="left")
    for o in outcomes:
        name = "APCER" if o.attack else "BPCER" if o.counted else "refused"
        interval = f"{100 * o.low:.1f} - {100 * o.high:.1f}"
        table.add_row(o.kind, name, f"{100 * o.error_rate:.1f}", interval, f"{o.median_s:.1f}", f"{o.p95_s:.1f}")
    out.print(table)


@app.command(epilog=example("sitegate liveness photos --photos ~/photos/people --count 50"))
def photos(
    folder: Annotated[
        Path, typer.Option("--photos", help="Photos of faces, in any subfolders.", exists=True, file_okay=False)
    ],
    count: Annotated[int, typer.Option(min=1, help="How many of them, drawn at random.")] = 40,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Tilt real photos before the real face detector, and count the flat faces that it takes for heads."""
    from edge.tools.evaluation import tilted_prints

    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not found:
        raise fail(f"{folder} holds no .jpg or .png files")
    chosen = random.Random(seed).sample(found, min(count, len(found)))
    engine = _engine()
    with Progress(console=err, transient=True) as progress:
        tilts = tilted_prints.measure(engine, progress.track(chosen, description="tilting…"), seed)
    if as_json:
        out.print_json(json.dumps([asdict(t) for t in tilts]))
        return
    table = Table("tilt", "trials", "taken for a head", "parallax", "deviation", "largest")
    for t in tilts:
        figures = (f"{v:.3f}" for v in (t.parallax_mean, t.parallax_deviation, t.parallax_largest))
        table.add_row(f"{t.degrees}°", str(t.trials), str(t.taken_for_heads), *figures)
    out.print(table)


@app.command(epilog=example("sitegate liveness phones --photos ~/photos/people --count 40"))
def phones(
    folder: Annotated[
        Path,
        typer.Option(
            "--photos", help="A folder per person, each with two photos or more.", exists=True, file_okay=False
        ),
    ],
    count: Annotated[int, typer.Option(min=1, help="How many people, drawn at random.")] = 40,
    mode: Annotated[
        list[str] | None, typer.Option(help="A mode of [liveness]; may be repeated.  [default: all]")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Hold photos of enrolled workers on a simulated phone before the real recognition.

    The table shows how many are let in, by liveness mode.
    """
    from edge.tools.evaluation import phone_photos as simulation

    if strange := set(mode or ()) - set(LIVENESS_MODES):
        raise fail(f"--mode {', '.join(sorted(strange))} is not one of {', '.join(LIVENESS_MODES)}", 2)
    pairs = simulation.find_pairs(folder, seed)
    if not pairs:
        raise fail(f"{folder} holds no person with two photos")
    engine = _engine()
    found = {}
    with Progress(console=err, transient=True) as progress:
        for each in mode or LIVENESS_MODES:
            config = LivenessConfig.model_validate({"mode": each})
            progress.add_task(each, total=None)
            found[each] = simulation.summary(simulation.present(engine, pairs, count, config, seed))
    if as_json:
        out.print_json(json.dumps(found))
        return
    table = Table("mode", "phones", "recognised", "asked to turn", "let in")
    for each, figures in found.items():
        table.add_row(each, *(str(value) for value in figures.values()))
    out.print(table)


def _engine() -> "FaceEngine":
    """The default pack, fetched if need be. Raises typer.Exit with what to do."""
    from edge.matcher import open_engine

    try:
        models_dir = cache_dir() / "models"
        fetch_pack(load_manifest().pack("opencv-zoo"), models_dir)
        return open_engine(MatcherConfig(), models_dir)
    except (ModelError, PackageError) as error:
        raise fail(str(error)) from error


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="liveness")
