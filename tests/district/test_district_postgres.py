"""PROMISE: what works on SQLite works on PostgreSQL: chosen tests once more, in a pytest of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hq_postgres import Postgres

from district.commands.init import make_folder
from district.config import FOLDER_VARIABLE

CHOSEN = (
    "test_audit_record.py",
    "test_audit_check.py::test_fail__a_trigger_that_was_removed_is_found",
    "test_audit_check.py::test_ok__a_whole_record_has_no_problems",
    "test_exchange_feed.py::test_ok__entries_come_once",
    "test_exchange_failed.py::test_fail__an_entry_that_fails_stops_no_other",
    "test_exchange_failed.py::test_ok__handlers_before_the_one_that_fails_keep_theirs",
    "test_exchange_leases.py::test_ok__one_worker_has_a_round",
    "test_exchange_outbox.py::test_ok__one_change_overtakes_an_import",
    "test_attendance_projection.py::test_ok__a_day_has_first_in_last_out_and_the_hours_between",
    "test_attendance_projection.py::test_ok__the_same_page_twice_changes_nothing",
    "test_attendance_pages.py::test_ok__a_correction_is_asked_approved_and_kept_in_a_rebuild",
    "test_attendance_pages.py::test_ok__the_muster_list_says_how_old_it_is",
    "test_prepared.py",
    "test_people_pages.py::test_ok__sensitive_fields_are_shown_once_for_a_recorded_reason",
    "test_people_pages.py::test_ok__a_clerk_adds_a_person_with_the_first_work",
    "test_people_pages.py::test_ok__the_list_is_filtered_and_exported",
    "test_people_pages.py::test_ok__chosen_people_end_after_a_preview",
    "test_people_import_together.py::test_ok__many_rows_do_what_each_does_alone[1]",
    "test_figures_days.py::test_ok__sums_of_each_level",
    "test_imports_sheets.py::test_fail__one_wrong_row_keeps_the_whole_sheet_out",
    "test_imports_sheets.py::test_fail__what_changed_since_the_check_is_shown_again",
)
"""Few of each kind: SQL of our own, triggers, pages, the exchange. All tests of a folder run there by hand:
SITEGATE_DISTRICT=FOLDER pytest tests/district."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    server = Postgres()
    try:
        made = tmp_path / "district"
        make_folder(made, tmp_path / "hq")
        settings = made / "district.toml"
        url = server.database("district").replace("+psycopg", "")
        settings.write_text(f'database_url = "{url}"\n{settings.read_text()}')
        yield made
    finally:
        server.close()


def test_ok__chosen_tests_hold_on_postgresql(folder: Path) -> None:
    here = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--no-header"]
    command += [str(here / name) for name in CHOSEN]
    left = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment = {**left, FOLDER_VARIABLE: str(folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=here.parents[1])
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " skipped" not in done.stdout.splitlines()[-1]
