"""`sitegate bench`: measure this machine."""

import json
import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.libraries import extra, require
from common.terminal.console import Table
from edge.commands.common import JsonOption, err, example, fail, out
from edge.core.config import MatcherConfig
from edge.matcher import ModelError, fetch_pack, load_manifest
from edge.system.pinned_packages import PackageError, cache_dir
from edge.tools.demo.photos import fetch_photos

if TYPE_CHECKING:
    from edge.tools.bench.events import Rates
    from edge.tools.bench.guards import LockTimes
    from edge.tools.bench.names import NamesFigures
    from edge.tools.bench.roster import RosterTiming
    from edge.tools.bench.roster_change import DeltaCost
    from edge.tools.bench.safety import Reaction
    from edge.tools.bench.screen import ScreenFigures

app = typer.Typer(help="Measure this machine.")


@app.callback(
    invoke_without_command=True,
    epilog=example("sitegate bench", "sitegate bench --rounds 500 --json", "sitegate bench sync"),
)
def bench(
    context: typer.Context,
    rounds: Annotated[int, typer.Option(min=10, max=10_000, help="Runs of each stage.")] = 200,
    walk_ups: Annotated[int, typer.Option(min=1, max=1000, help="Walk-ups in front of the whole loop.")] = 20,
    threads: Annotated[int, typer.Option(min=1, max=16, help="Threads of one inference.")] = MatcherConfig().threads,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder on the disk whose journal is timed.  [default: here]")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Time every stage at 640x480, searches in large galleries, and the way from a usable face to the relay."""
    if context.invoked_subcommand is not None:
        return
    require("segno", extra("tools"), PackageError, "segno")
    from edge.matcher import open_matcher
    from edge.tools.bench import face_to_relay as measure
    from edge.tools.bench.code_and_card import code_and_card
    from edge.tools.bench.preview import frames_with_preview
    from edge.tools.demo.cast import portraits

    try:
        with err.status("fetching weights and photos…"):
            models_dir = cache_dir() / "models"
            fetch_pack(load_manifest().pack("opencv-zoo"), models_dir)
            photos = fetch_photos(cache_dir() / "photos")
        matcher = open_matcher(MatcherConfig(threads=threads), models_dir)
    except (ModelError, PackageError) as error:
        raise fail(str(error)) from error
    cast = portraits(photos, matcher)
    with tempfile.TemporaryDirectory(prefix="sitegate-bench-", dir=folder or Path.cwd()) as name:
        with err.status("timing the stages…"):
            stages = measure.stages(matcher, cast["a-today"], Path(name), rounds)
        with err.status("timing an empty lane…"):
            idle = measure.empty_lane(matcher, cast["a-today"], Path(name), 20)
        with err.status("timing frames with and without a preview…"):
            filmed = frames_with_preview(matcher, cast["a-today"], Path(name), rounds)
        with err.status("timing searches…"):
            searches = measure.searches(matcher, (1_000, 10_000, 100_000), rounds)
        with err.status(f"{walk_ups} people walk up…"):
            whole = measure.walk_ups(matcher, cast, Path(name), walk_ups)
        with err.status(f"{walk_ups} codes, {walk_ups} cards…"):
            others = code_and_card(matcher, Path(name), walk_ups)
    figures = [whole[0], idle, *stages, *filmed, *searches, whole[1], *others]
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, {threads} inference threads, Python {platform.python_version()}"
    )
    if as_json:
        out.print_json(json.dumps({"machine": machine, "figures": [asdict(f) for f in figures]}))
        return
    table = Table("stage", "runs", "p50 ms", "p95 ms", "p99 ms", title=f"sitegate bench: {machine}")
    for f in figures:
        table.add_row(f.name, str(f.count), *(f"{v:.3f}" for v in (f.p50_ms, f.p95_ms, f.p99_ms)))
    out.print(table)


@app.command("sync", epilog=example("sitegate bench sync", "sitegate bench sync --events 100000 --workers 100000"))
def sync(
    events: Annotated[int, typer.Option(min=1000, max=1_000_000, help="Events in the queue that is drained.")] = 50_000,
    appends: Annotated[int, typer.Option(min=50, max=100_000, help="Events that are written one by one.")] = 2_000,
    workers: Annotated[int, typer.Option(min=1000, max=500_000, help="Workers in the roster that arrives.")] = 50_000,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder on the disk whose journal is timed.  [default: here]")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the gate's side of the connection to HQ.

    Events are written with fsync, against bare SQLite, and sent to mosquitto, against bare MQTT. A large roster comes
    from the broker until it is in force; then changes of it, until the matcher uses them. HQ's side: sitegate-hq
    bench.
    """
    from rich.progress import Progress

    from edge.tools.bench import events as measure
    from edge.tools.bench.errors import BenchError
    from edge.tools.bench.roster import snapshot
    from edge.tools.bench.roster_change import changes

    try:
        with (
            tempfile.TemporaryDirectory(prefix="sitegate-bench-", dir=folder or Path.cwd()) as name,
            Progress(console=err, transient=True) as progress,
        ):
            task = progress.add_task("writing events…", total=4)
            rates = [measure.append(Path(name), appends)]
            progress.update(task, advance=1, description="draining a queue…")
            rates += measure.drain(Path(name), events)
            progress.update(task, advance=1, description=f"a roster of {workers} workers…")
            with tempfile.TemporaryDirectory(dir=name) as inner:
                roster = snapshot(Path(inner), workers)
            progress.update(task, advance=1, description="changes of 100 of them…")
            with tempfile.TemporaryDirectory(dir=name) as inner:
                change = changes(Path(inner), workers)
    except BenchError as error:
        raise fail(str(error)) from error
    if as_json:
        told = {"rates": [{**asdict(rate), "ratio": rate.ratio} for rate in rates], "roster": asdict(roster)}
        told["changes"] = asdict(change)
        out.print_json(json.dumps(told))
        return
    _print_sync(rates, roster, change)


@app.command("safety", epilog=example("sitegate bench safety", "sitegate bench safety --rounds 100 --guards 100"))
def safety(
    rounds: Annotated[int, typer.Option(min=0, max=1000, help="Presses of each contact in each condition.")] = 40,
    guards: Annotated[
        int, typer.Option(min=0, max=1000, help="Freezes, and kills, in each state of the passage.")
    ] = 10,
    beside: Annotated[int, typer.Option(min=1, max=50, help="Gate processes of the second half at a time.")] = 5,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder on the disk whose journal is used.  [default: here]")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the time from the fire contact and the exit button to the relay, under the worst load.

    Disk, camera and matcher are disturbed meanwhile. It also measures how long the relay stays energised when the
    gate process freezes or is killed. It uses mock pins: a relay and its wiring add their own time.
    """
    from edge.core.passage import PassageState
    from edge.tools.bench import guards as bench_guards
    from edge.tools.bench import safety as bench_safety
    from edge.tools.bench.errors import BenchError

    reactions: list[bench_safety.Reaction] = []
    for condition in bench_safety.CONDITIONS if rounds else ():
        with tempfile.TemporaryDirectory(prefix="sitegate-bench-", dir=folder or Path.cwd()) as name:
            err.print(f"{condition}…", highlight=False)
            try:
                reactions += bench_safety.reactions(condition, Path(name), rounds)
            except BenchError as error:
                err.print(f"not measured: {error}", highlight=False, markup=False)
    locked: list[bench_guards.LockTimes] = []
    for how in (bench_guards.FREEZE, bench_guards.KILL) if guards else ():
        for state in PassageState:
            with tempfile.TemporaryDirectory(prefix="sitegate-bench-", dir=folder or Path.cwd()) as name:
                err.print(f"{how} in state {state}…", highlight=False)
                locked.append(bench_guards.lock_times(state, how, guards, beside, Path(name)))
    if as_json:
        out.print_json(json.dumps({"reactions": [asdict(r) for r in reactions], "locked": [asdict(x) for x in locked]}))
        return
    _print_safety(reactions, locked)


@app.command(
    "screen", epilog=example("sitegate bench screen", "sitegate bench screen --days 30 --viewers 0 --half-open 0")
)
def screen(
    passages: Annotated[int, typer.Option(min=40, max=100_000, help="Passages of a day.")] = 4_000,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days in the journal.")] = 2,
    rounds: Annotated[int, typer.Option(min=3, max=1000, help="Answers of each page.")] = 30,
    viewers: Annotated[int, typer.Option(min=0, max=300, help="Open pages that follow the gate.")] = 200,
    half_open: Annotated[int, typer.Option(min=0, max=20_000, help="Requests that never end.")] = 1_050,
    people: Annotated[int, typer.Option(min=0, max=100_000, help="Workers of the site whose names are read.")] = 10_000,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder on the disk whose journal is used.  [default: here]")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the pages after days of traffic, with many viewers, and with requests that never end.

    It also measures how the names of a large site follow HQ's messages. Run it as root for the viewers: each user of a
    machine has a share of the connections only.
    """
    from edge.tools.bench import screen as bench_screen
    from edge.tools.bench.errors import BenchError

    with tempfile.TemporaryDirectory(prefix="sitegate-bench-", dir=folder or Path.cwd()) as name:
        try:
            with err.status("days of traffic, then the pages…"):
                found = bench_screen.measure(Path(name), passages, days, rounds, viewers, half_open, people)
        except BenchError as error:
            raise fail(str(error)) from error
    if as_json:
        out.print_json(json.dumps(asdict(found)))
        return
    _print_screen(found)


def _print_screen(found: "ScreenFigures") -> None:
    table = Table("page", "p50 ms", "p95 ms", "CPU ms", "kB", title=f"sitegate bench screen: {found.events:,} events")
    for page in found.pages:
        table.add_row(page.path, *(f"{v:.1f}" for v in (page.p50_ms, page.p95_ms, page.cpu_ms, page.kilobytes)))
    out.print(table)
    memory = ", ".join(f"{value:.0f}" for value in found.memory_mb)
    out.print(f"memory of the screen process, in MB: {memory}", highlight=False)
    if (seen := found.crowded) is not None:
        out.print(
            f"{seen.viewers} viewers, {seen.streams} streams open, {seen.changes} changes heard: a decision onto the disk "
            f"p95 {seen.append_ms:.1f} ms (alone {seen.append_alone_ms:.1f} ms), then to the lane's display "
            f"p95 {seen.lane_ms:.1f} ms (alone {seen.lane_alone_ms:.1f} ms)",
            highlight=False,
        )
    if found.lane_half_open_ms is not None:
        out.print(
            f"{found.half_open} half-open requests: the lane's page p95 {found.lane_half_open_ms:.1f} ms",
            highlight=False,
        )
    if found.names is not None:
        _print_names(found.names)


def _print_names(found: "NamesFigures") -> None:
    title = f"names of {found.people:,} people: CPU ms of the screen process"
    table = Table("what happened", "names read", "index of people", title=title)
    for step in found.steps:
        table.add_row(step.step, f"{step.read_ms:.2f}", f"{step.join_ms:.2f}")
    out.print(table)
    out.print(f"who is inside, read once more unchanged: {found.muster_ms:.2f} ms", highlight=False)


def _print_sync(rates: "Sequence[Rates]", roster: "RosterTiming", change: "DeltaCost") -> None:
    table = Table(
        "what", "events/s", "bare", "ratio", title=f"sitegate bench sync: {platform.machine()}, {os.cpu_count()} cores"
    )
    for rate in rates:
        table.add_row(rate.name, f"{rate.ours:,.0f}", f"{rate.bare:,.0f}", f"{rate.ratio:.2f}")
    out.print(table)
    out.print(
        f"roster of {roster.workers:,} workers with two templates each: {roster.in_force_s:.1f} s from the broker to in force, "
        f"{roster.bytes_per_worker:.0f} bytes per worker on the wire",
        highlight=False,
    )
    out.print(
        f"changes of {change.changed} of them: visible to the matcher {min(change.visible_s):.2f} to "
        f"{max(change.visible_s):.2f} s after they are published, {change.delta_bytes / 1e3:.0f} KB; longest call in the "
        f"loop {change.longest_call_s * 1e3:.0f} ms; an unchanged roster signed again: {change.unchanged_bytes} bytes",
        highlight=False,
    )


def _print_safety(reactions: "Sequence[Reaction]", locked: "Sequence[LockTimes]") -> None:
    table = Table("condition", "contact", "runs", "p50 ms", "p99 ms", "worst ms", "lost", "loop's longest turn, s")
    for r in reactions:
        figures = (f"{value:.1f}" for value in (r.p50_ms, r.p99_ms, r.worst_ms))
        table.add_row(r.condition, r.contact, str(r.count), *figures, str(r.lost), f"{r.turn_s:.1f}")
    if reactions:
        out.print(table)
    table = Table("state", "process", "trials", "energised", "longest, s", "after that at most, s", "never locked")
    for x in locked:
        seconds = ("-" if value is None else f"{value:.3f}" for value in (x.worst_s, x.after_s))
        table.add_row(
            x.state,
            {"freeze": "frozen", "kill": "killed"}[x.how],
            str(x.count),
            str(x.energised),
            *seconds,
            str(x.never),
        )
    if locked:
        out.print(table)
