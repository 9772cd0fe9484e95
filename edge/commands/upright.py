"""`sitegate models upright`: measure turned faces, and propose the entry for the pack's manifest."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from common.terminal.console import Table
from edge.commands.common import JsonOption, err, example, fail, out
from edge.core.config import MatcherConfig
from edge.system.pinned_packages import cache_dir
from edge.tools.evaluation.wilson import wilson

if TYPE_CHECKING:
    from edge.tools.evaluation.rotations import RotatedFace, RotatedFile


def upright(
    photos: Annotated[Path, typer.Argument(help="A folder with people/<name>/*.jpg and strangers/*.jpg.")],
    people: Annotated[int, typer.Option("--people", min=10, help="One photo of each of so many people.")] = 400,
    step: Annotated[int, typer.Option("--step", min=5, max=90, help="Degrees between two angles.")] = 30,
    folder: Annotated[
        Path | None, typer.Option("--dir", "-d", help="The weights' folder.  [default: the cache]")
    ] = None,
    pack: Annotated[str, typer.Option("--pack", help="The pack in the manifest.")] = "opencv-zoo",
    as_json: JsonOption = False,
) -> None:
    """Turn photos, and measure which faces are refused, in frames and as files. Stores nothing."""
    from edge.matcher import ModelError, load_manifest
    from edge.tools.evaluation.photos import EvaluationError, find_photos
    from edge.tools.evaluation.rotations import by_halves, first_photos, fitted, judged, observe_all_rotated

    try:
        chosen = load_manifest().pack(pack)
        drawn = first_photos(find_photos(photos), people)
        with Progress(console=err) as bar:
            task = bar.add_task("looking at photos", total=len(drawn))
            seen, files = observe_all_rotated(
                drawn, MatcherConfig(pack=pack), folder or cache_dir() / "models", range(0, 360, step),
                os.cpu_count() or 1, lambda done, of: bar.update(task, completed=done, total=of),
            )  # fmt: skip
        found, halves = fitted(seen), by_halves(seen)
        seen = judged(seen, chosen.upright or found)
    except (EvaluationError, ModelError, OSError, ValueError) as error:
        raise fail(str(error)) from error
    frames = [_frames(angle, part) for angle, part in _by_angle(seen)]
    enrolled = _enrolled(files)
    names = ("upright faces refused", "upright faces", "faces upside down taken", "faces upside down")
    entry = found.model_dump()
    if as_json:
        both = {"frames": frames, "files": enrolled, "halves": dict(zip(names, halves, strict=True)), "upright": entry}
        out.print_json(json.dumps(both))
        return
    for title, rows in (("frames", frames), ("files that are enrolled", enrolled)):
        table = Table(*rows[0], title=title)
        for row in rows:
            table.add_row(*map(str, row.values()))
        out.print(table)
    told = ", ".join(f"{name}: {count}" for name, count in zip(names, halves, strict=True))
    out.print(f"by the vector alone, fitted on the other half, ten times: {told}", highlight=False, soft_wrap=True)
    out.print(f"[packs.{pack}.upright]", markup=False)
    for name, value in entry.items():
        out.print(f"{name} = {json.dumps(value)}", markup=False, highlight=False, soft_wrap=True)


def _by_angle(seen: "Sequence[RotatedFace]") -> "list[tuple[int, list[RotatedFace]]]":
    angles = sorted({t.angle for t in seen})
    return [(angle, [t for t in seen if t.angle == angle]) for angle in angles]


def _frames(angle: int, seen: "Sequence[RotatedFace]") -> dict[str, object]:
    """Count frames. `usable`: usable apart from the turn. `points wrong`: by more than 60°. `taken, wrong`: of these,
    not refused."""
    from edge.tools.evaluation.rotations import WRONG_DEG

    usable = [t for t in seen if t.vector is not None]
    wrong = [t for t in usable if t.wrong_deg > WRONG_DEG]
    return {
        "degrees": angle,
        "photos": len(seen),
        "found": sum(t.found for t in seen),
        "usable": len(usable),
        "refused": _share(sum(t.refused for t in usable), len(usable)),
        "by points": sum(t.by_points for t in usable),
        "by vector": sum(t.by_vector for t in usable),
        "by picture": sum(t.by_picture for t in usable),
        "points wrong": len(wrong),
        "taken, wrong": _share(sum(not t.refused for t in wrong), len(wrong)),
    }


def _enrolled(files: "Sequence[RotatedFile]") -> list[dict[str, object]]:
    """Of photos that can be enrolled upright. `fits another`: taken, and the template is not that of the upright
    photo."""
    return [
        {
            "degrees": angle,
            "photos": len(part),
            "taken": _share(sum(not f.said for f in part), len(part)),
            "told to turn the photo": sum("turn the photo" in f.said for f in part),
            "taken, and fits nobody": sum(not f.said and f.wrong for f in part),
        }
        for angle in sorted({f.angle for f in files})
        for part in [[f for f in files if f.angle == angle]]
    ]


def _share(count: int, of: int) -> str:
    if not of:
        return "0 of 0"
    low, high = wilson(count, of)
    return f"{count} of {of}: {count / of:.1%} ({low:.1%} to {high:.1%})"


def register(app: typer.Typer) -> None:
    app.command(epilog=example("sitegate models upright ./photos --people 400 --step 30"))(upright)
