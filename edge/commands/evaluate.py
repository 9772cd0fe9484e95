"""`sitegate evaluate`: how well this pack recognises the people on these photos."""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from common.libraries import extra, require
from common.terminal.console import Table, TextColumn, stacked
from edge.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, err, example, fail, optional_config, out
from edge.commands.pad import measure_pad, print_pad
from edge.core.config import Config
from edge.system.pinned_packages import cache_dir

if TYPE_CHECKING:
    from edge.tools.evaluation.observation_cache import Observation
    from edge.tools.evaluation.photos import EvaluationPhoto
    from edge.tools.evaluation.result import IdentificationRates, Result
    from edge.tools.evaluation.walkups import Share


def evaluate(
    photos: Annotated[Path, typer.Option("--photos", help="A folder with people/<name>/*.jpg and strangers/*.jpg.")],
    report: Annotated[Path | None, typer.Option("--report", help="Write an HTML report to this file.")] = None,
    groups: Annotated[
        Path | None, typer.Option("--groups", help="A CSV with the columns person,group: rates for each group.")
    ] = None,
    pictures: Annotated[
        int,
        typer.Option("--pictures", min=0, max=100, help="Show so many worst cases in the report, with their photos."),
    ] = 0,
    walkups: Annotated[
        int,
        typer.Option(
            "--walkups",
            min=0,
            max=5000,
            help="Let so many people and as many strangers walk up: rates of the vote.",
        ),
    ] = 0,
    drift: Annotated[
        bool,
        typer.Option("--drift", help="Try the drift alarm on the scores of those who walk up (30 or more)."),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, max=256, help="Processes that look at photos.  [default: one per core]"),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache", help="File that remembers what was seen, so that a stopped run goes on.  [default: in the cache]"
        ),
    ] = None,
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-cache", help="Remember nothing: the cache holds biometric data of the people on the photos."
        ),
    ] = False,
    presentations: Annotated[
        int,
        typer.Option(
            "--presentations", min=0, max=10_000, help="Simulated presentations of each kind to the challenge."
        ),
    ] = 50,
    config: ConfigOption = DEFAULT_CONFIG,
    folder: Annotated[
        Path | None, typer.Option("--dir", "-d", help="The weights' folder.  [default: the config's, else the cache]")
    ] = None,
    pack: Annotated[
        str | None, typer.Option("--pack", help="The pack in the manifest.  [default: the config's]")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure error rates on photos: 1:N and 1:1, more photos and frames, larger galleries, groups, attacks. Changes
    nothing."""
    from edge.matcher import ModelError, load_manifest
    from edge.matcher.weights.manifest import model_id
    from edge.tools.evaluation.conditions import CLEAR, CONDITIONS
    from edge.tools.evaluation.drift_alarm import CREWS, drift_rates
    from edge.tools.evaluation.measurement import evaluate as evaluate_photos
    from edge.tools.evaluation.observation_cache import ObservationCache
    from edge.tools.evaluation.observations import observe_all
    from edge.tools.evaluation.photos import EvaluationError, find_photos, read_groups
    from edge.tools.evaluation.walkups import play_all, vote_rates
    from edge.tools.evaluation.worst import worst_cases

    if report:
        require("drawsvg", extra("tools"), EvaluationError, "drawsvg")
    if drift and not walkups:
        raise fail("--drift needs people who walk up; add --walkups 100")
    configured = optional_config(config)
    loaded = configured or Config()
    settings = loaded.matcher
    if pack is not None:
        settings = settings.model_copy(update={"pack": pack})
    models_dir = folder or (loaded.paths.models_dir if configured else cache_dir() / "models")
    remembered = None if no_cache else cache or cache_dir() / "evaluate" / "looks.jsonl"
    try:
        chosen = load_manifest().pack(settings.pack)
        name = model_id(settings.pack, chosen.embedder)
        found = find_photos(photos)
        of_person = read_groups(groups) if groups else {}
        with ObservationCache(remembered) as known, _bar() as bar:
            task = bar.add_task("looking at photos", total=len(found))
            observations = observe_all(
                found, settings, models_dir, known, jobs or os.cpu_count() or 1,
                lambda done, of: bar.update(task, completed=done, total=of),
            )  # fmt: skip
            bar.update(task, completed=len(found))
            result = evaluate_photos(
                found, observations, chosen.impostor_tail, name, of_person,
                lambda what: bar.update(task, description=f"computing: {what}"),
                settings.fpir_target,
            )  # fmt: skip
            if walkups:
                walking = bar.add_task("walk-ups", total=None)
                played = play_all(
                    found, settings, models_dir, walkups, jobs or os.cpu_count() or 1,
                    tuple(CONDITIONS) if drift else (),
                    lambda done, of: bar.update(walking, completed=done, total=of),
                )  # fmt: skip
                result = replace(result, walkups=vote_rates(played))
                if drift:
                    bar.update(walking, description="simulating sites")
                    glances = {name: played.glances(name) for name in CONDITIONS}
                    rates = [drift_rates(glances, CLEAR, crew) for crew in CREWS]
                    result = replace(result, drift=rates)
            pad = measure_pad(
                photos, _first_usable(found, observations), loaded.liveness, settings, models_dir, presentations,
                lambda what, done, of: bar.update(task, description=what, completed=done, total=of),
            )  # fmt: skip
            result = replace(result, pad=pad)
        worst = worst_cases(found, observations, pictures) if pictures and report else []
    except (EvaluationError, ModelError, OSError, ValueError) as error:
        raise fail(str(error)) from error
    if report is not None:
        from edge.tools.evaluation.report import html

        shown = [(case.caption, _data_uri(case.path)) for case in worst]
        report.write_text(html(result, f"sitegate evaluate: {photos.name}", shown), encoding="utf-8")
        err.print(f"wrote {report}", highlight=False, soft_wrap=True)
    if as_json:
        out.print_json(json.dumps(asdict(result) | {"tail": result.tail and result.tail.model_dump()}))
    else:
        _print(result)


def _first_usable(photos: "Sequence[EvaluationPhoto]", observations: "Sequence[Observation]") -> list[Path]:
    """One photo of each person: the first that the gate would use."""
    first: dict[str, Path] = {}
    for photo, look in zip(photos, observations, strict=True):
        if not look.problem:
            first.setdefault(photo.person, photo.path)
    return list(first.values())


def _print(result: "Result") -> None:
    table = Table("photos, frames", "N", "mated", "others", "rank 1", title=f"FNIR of {result.model_id}")
    table.columns[0].no_wrap = True
    for share in result.headline.fnir:
        table.add_column(f"FPIR {share}")
    rows: list[tuple[str, IdentificationRates]] = [("1, 1", result.headline), ("1, 1 every face", result.ungated)]
    rows += [(f"{p.enrolled}, {p.frames} ten orders", p) for p in result.plans]
    rows += [("1, 1 padded", p) for p in result.padded]
    for name, i in rows:
        rates = (stacked(f"{r.value:.2%}", f"{r.low:.1%}-{r.high:.1%}") for r in i.fnir.values())
        table.add_row(name, str(i.gallery), str(i.mated), str(i.non_mated), f"{i.rank1:.1%}", *rates)
    out.print(table)
    gate, had = result.at_threshold, result.acquisition
    carried = result.carry_over
    lines = {
        "with unusable probes as misses": _shares(result.fnir_with_fta),
        "against strangers alone": _shares({name: rate.value for name, rate in result.strangers_only.items()}),
        "at the gate's threshold": (
            f"{gate.threshold:.3f}: FPIR {gate.fpir.value:.2%} (target {gate.fpir_target:.2%}), FNIR {gate.fnir:.2%}"
        ),
        "1:1, FNMR at FMR": _shares(result.verification.fnmr),
        "failure to enrol, to acquire": f"{had.failure_to_enrol:.2%}, {had.failure_to_acquire:.2%} {had.problems}",
        "halves: plain": _shares(carried.plain),
        "halves: centred on the other": _shares(carried.other_half),
        "halves: centred on itself": _shares(carried.own),
        "impostor tail": str(result.tail),
    }
    lines |= {
        f"look-alikes, {a.photos} photo(s)": f"{a.marked} of {a.workers} from {a.score_min:.3f} (nearest pair {a.nearest:.3f})"
        for a in result.look_alikes
    }
    lines |= {
        f"held out, {h.workers} workers": f"threshold {h.threshold:.3f}: FPIR {_spread(h.fpir)} of {h.non_mated}, "
        f"FNIR {_spread(h.fnir)} of {h.mated}"
        for h in result.held_out
    }
    if own := result.self_calibration:
        lines["self-calibration"] = (
            f"{own.threshold:.3f} ± {own.standard_error:.3f} by {own.workers} workers: {own.correction:+.3f}; if the "
            f"threshold were 0.05 too low: FPIR {own.wrong:.2%}, corrected {own.righted:.2%}"
        )
    lines |= {
        f"group {g.group}": f"FNIR {g.fnir:.2%} of {g.mated}, FPIR {g.fpir:.2%} of {g.non_mated}" for g in result.groups
    }
    lines |= _walked(result)
    figures = Table("figure", "value")
    for name, value in lines.items():
        figures.add_row(name, value)
    out.print(figures)
    if result.pad is not None:
        print_pad(result.pad)


def _walked(result: "Result") -> dict[str, str]:
    lines = {}
    if walked := result.walkups:
        lines["walk-ups, first answer"] = (
            f"FNIR {_share(walked.fnir)}, FPIR {_share(walked.fpir)}, wrong name {_share(walked.wrong_name)}, "
            f"no answer {_share(walked.no_answer)}; {walked.votes[0]:.0f} votes (95 %: {walked.votes[1]:.0f}), "
            f"{walked.seconds[0]:.2f} s (95 %: {walked.seconds[1]:.2f}) from the first usable frame"
        )
    for rates in result.drift:
        lines[f"drift alarm, crew of {rates.crew}"] = (
            f"false in {rates.false_alarms:.1%} of months, {rates.new_crew:.1%} when the whole crew is new; "
            + "; ".join(
                f"{d.condition}: {f'{d.told:.0%} after {d.delay_days:.0f} days' if d.told else 'never told'}"
                for d in rates.detections
            )
        )
    return lines


def _spread(rate: tuple[float, float, float]) -> str:
    return "{:.2%} (splits {:.1%}-{:.1%})".format(*rate)


def _share(share: "Share") -> str:
    return f"{share.value:.2%} ({share.low:.1%}-{share.high:.1%} of {share.count})"


def _shares(values: Mapping[str, float]) -> str:
    return ", ".join(f"{value:.2%} at {name}" for name, value in values.items())


def _bar() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=err)


def _data_uri(path: Path) -> str:
    kind = "png" if path.suffix.lower() == ".png" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def register(app: typer.Typer) -> None:
    app.command(
        epilog=example(
            "sitegate evaluate --photos ./photos",
            "sitegate evaluate --photos ./photos --report accuracy.html --json",
        )
    )(evaluate)
