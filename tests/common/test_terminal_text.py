"""Text from elsewhere on a terminal: as it is, in one line, and in characters that the terminal has."""

import ast
import io
import json
import re
from pathlib import Path

import pytest
from rich.progress import Progress

from common.terminal.console import Console, Table, TextColumn, stacked, styled
from common.terminal.logs import made_visible
from common.terminal.text import PLAIN_ERRORS, plain, prepare_streams, visible

ROOT = Path(__file__).parents[2]
HOSTILE = "[bold]x[/ticket 12] :smile: \x1b[2J\x9b31m\u202egnp.exe\nroot\r\x07\u200b\x00[link=http://x]"
SHOWN = "[bold]x[/ticket 12] :smile: \\u001b[2J\\u009b31m\\u202egnp.exe\\nroot\\r\\u0007\\u200b\\u0000[link=http://x]"


def printed(*things: object, **options: object) -> str:
    file = io.StringIO()
    console = Console(file=file, width=400, force_terminal=False)
    for thing in things:
        console.print(thing, **options)
    return file.getvalue()


def test_ok__hostile_text_is_shown_as_it_is_and_stays_in_its_line() -> None:
    assert printed(HOSTILE) == SHOWN + "\n"
    assert printed(styled(("problem:", "bold red"), f" {HOSTILE}")) == f"problem: {SHOWN}\n"
    assert printed(stacked(HOSTILE, (HOSTILE, "red"))) == f"{SHOWN}\n{SHOWN}\n"


def test_ok__hostile_cells_headers_and_titles() -> None:
    table = Table("seq", HOSTILE, title=HOSTILE)
    table.add_row("1", HOSTILE)
    text = printed(table)
    assert text.count(SHOWN) == 3 and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", text)


def test_ok__a_progress_bar_shows_names_as_they_are() -> None:
    file = io.StringIO()
    with Progress(TextColumn("{task.description}"), console=Console(file=file, width=400)) as bar:
        bar.add_task(HOSTILE.replace("\n", ""))
    assert "[bold]x[/ticket 12]" in file.getvalue() and "\x9b" not in file.getvalue()


def test_ok__colour_is_still_there_on_a_terminal() -> None:
    file = io.StringIO()
    Console(file=file, force_terminal=True, color_system="standard").print(styled(("x", "red")))
    assert file.getvalue() == "\x1b[31mx\x1b[0m\n"


def test_ok__json_stays_json() -> None:
    file = io.StringIO()
    Console(file=file, width=20).print_json(json.dumps({"why": HOSTILE * 3, "by": "张三"}))
    assert json.loads(file.getvalue()) == {"why": HOSTILE * 3, "by": "张三"}
    assert "\x9b" not in file.getvalue() and "\u202e" not in file.getvalue()
    assert visible("张三 ✔ é") == "张三 ✔ é"


@pytest.mark.parametrize(
    ("encoding", "shown"), [("gbk", "v 张三 -> \\u0e01"), ("ascii", "v \\u5f20\\u4e09 -> \\u0e01")]
)
def test_ok__a_terminal_without_the_character_gets_a_plain_one(encoding: str, shown: str) -> None:
    prepare_streams()
    assert "✔ 张三 → ก".encode(encoding, PLAIN_ERRORS).decode(encoding).replace("→", "->") == shown
    assert json.loads('"' + "👷".encode("ascii", PLAIN_ERRORS).decode() + '"') == "👷"


def test_ok__a_log_line_for_people_is_one_line() -> None:
    found = made_visible(
        None, "info", {"why": HOSTILE, "count": 3, "error": OSError(HOSTILE), "exception": f"a\n{HOSTILE}"}
    )
    assert found == {"why": SHOWN, "count": 3, "error": SHOWN, "exception": "a\n" + SHOWN.replace("\\n", "\n")}


def test_fail__only_writing_is_made_plain() -> None:
    with pytest.raises(UnicodeDecodeError):
        plain(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"))


SHOWING = [*ROOT.glob("edge/**/*.py"), *ROOT.glob("hq/**/*.py")]


@pytest.mark.parametrize("path", SHOWING, ids=lambda path: str(path.relative_to(ROOT)))
def test_ok__nothing_is_printed_past_the_safe_console(path: Path) -> None:
    """No other console, no table or progress text that reads markup, no markup of our own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            wrong = {
                "rich.console.Console",
                "rich.table.Table",
                "rich.markup.escape",
                "rich.progress.TextColumn",
                "rich.print",
            }
            assert not names & wrong, (path, node.lineno)
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("from_markup", "secho"), (path, node.lineno)
            assert not (node.attr == "echo" and ast.unparse(node.value) == "typer"), (path, node.lineno)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "commands" in str(path.parent):
            assert not re.search(r"\[/?(bold|red|green|yellow|dim)\b[^\]]*\]|\[/\]", node.value), (path, node.lineno)
        if isinstance(node, ast.keyword) and node.arg == "markup":
            assert ast.unparse(node.value) == "False", (path, node.value.lineno)


def test_ok__no_line_of_ours_holds_a_break_that_would_be_written_out() -> None:
    root = Path(__file__).parents[2]
    files = [path for folder in ("edge", "hq", "contract", "common") for path in (root / folder).rglob("*.py")]
    broken = [path for path in files if re.search(r"\.print\(\s*f?\"[^\"\n]*\\n", path.read_text(encoding="utf-8"))]
    assert broken == []
