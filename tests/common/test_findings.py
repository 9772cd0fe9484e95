"""Answers of a check on narrow terminals: every word whole, nothing taken for markup."""

import io

from common.check_result import CheckResult, CheckState
from common.terminal.console import Console
from common.terminal.findings import print_findings

PATH = "/var/lib/sitegate/gate/journal.db.corrupt-20260302T070000-123456-and-a-name-that-is-much-longer-than-a-line"
FOUND = (
    CheckResult("disk", CheckState.WARNING, f"set aside as damaged: {PATH}", f"copy it away, then: rm {PATH}"),
    CheckResult("broker", CheckState.OK, "connected to [::1]:8883 with TLS"),
    CheckResult("小册", CheckState.PROBLEM, "line one\nline two \x1b[31m", "see [keys]"),
)


def printed(width: int, encoding: str = "utf-8") -> str:
    held = io.BytesIO()
    with io.TextIOWrapper(held, encoding=encoding, errors="backslashreplace") as file:
        print_findings(Console(file=file, width=width), FOUND)
        file.flush()
        return held.getvalue().decode(encoding)


def test_ok__a_path_can_be_copied_at_any_width() -> None:
    for width in (20, 40, 80, 200):
        text = printed(width)
        assert text.count(PATH) == 2
        assert f"{PATH}\n" in text, "nothing follows it in its line"


def test_ok__state_is_a_sign_and_not_only_a_colour() -> None:
    signs = [line[0] for line in printed(80).splitlines() if line[0] != " "]
    assert signs == ["!", "✔", "✘"]


def test_fail__text_of_others_is_no_markup_and_no_control() -> None:
    text = printed(80)
    assert "[::1]:8883" in text and "[keys]" in text and "\x1b" not in text
    assert "disk" in printed(80, "gbk")
