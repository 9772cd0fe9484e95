"""Measure pages alone, pages under load, and files; print what was found."""

from collections.abc import Callable, Collection
from typing import Any

from district.commands.measured_load import Load, measure_load
from district.config import DistrictConfig

PARTS = ("pages", "load", "files", "questions")
_SHOWN = 25


def measured_pages(
    config: DistrictConfig, wanted: Collection[str], load: Load, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Measure what is wanted of the present database."""
    from district.commands.measured_accounts import sessions
    from district.commands.measured_files import measure_files
    from district.commands.measured_load import USERS_OF
    from district.commands.measured_pages import measure_pages, reach

    keys, found = sessions(), dict[str, Any]()
    roles = set(keys) if "pages" in wanted else {*USERS_OF}
    reached = reach({role: key for role, key in keys.items() if role in roles}, _searches())
    if "pages" in wanted:
        found["pages"] = rows = measure_pages(reached)
        tell(f"{len(rows)} kinds of pages, by role; the slowest:")
        for row in rows[:_SHOWN]:
            tell(_page_line(row))
    if "load" in wanted:
        found["load"] = measured = _under_load(config, reached, load)
        tell(", ".join(f"{name} {value}" for name, value in measured.items() if name != "pages"))
        for row in measured["pages"][:_SHOWN]:
            tell(f"{row['page']:50.50} {row['requests']:5} requests, p50 {row['p50_ms']} ms, p95 {row['p95_ms']} ms")
    if "files" in wanted:
        found["files"] = measure_files(config, reached["officer"])
        for row in found["files"]:
            tell(", ".join(f"{name} {value}" for name, value in row.items()))
    return found


def _under_load(config: DistrictConfig, reached: Any, load: Load) -> dict[str, Any]:
    """Measure pages under load. What workers declare meanwhile is taken back."""
    from district.commands.measured_morning import PHONES
    from district.declarations.simulation import closed_phones, opened_phones

    if not load.declarations:
        return measure_load(config, reached, load)
    phones = opened_phones(PHONES)
    try:
        return measure_load(config, reached, load, phones.secrets)
    finally:
        closed_phones(phones)


def _page_line(row: dict[str, Any]) -> str:
    return (
        f"{row['role']:8} {row['page']:45.45} p50 {row['p50_ms']} ms, p95 {row['p95_ms']} ms,"
        f" SQL {row['sql_ms']} ms in {row['queries']} queries, processor {row['cpu_ms']} ms: {row['slowest']:.60}"
    )


def _searches() -> list[str]:
    """Return texts that people type: a name, pinyin, initials, a phone, a document's number, a worker id."""
    from district.people.models import IdDocument, Person

    person = Person.objects.order_by("-pk").first()
    document = IdDocument.objects.order_by("-pk").first()
    if person is None:
        return []
    texts = ["王伟", "wangwei", "zw", person.name, person.joined, person.phone.lstrip("+"), person.worker_id]
    return [*texts, document.number] if document else texts
