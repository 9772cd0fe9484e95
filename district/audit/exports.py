"""Records who takes a list away as a file."""

from typing import Any

from django.http import HttpRequest

from district.audit.record import record


def record_export(request: HttpRequest, table: str, format: str, **_more: Any) -> None:  # noqa: A002 - the signal's word
    """Record an export, with the filters of its address."""
    query = {name: value for name, value in request.GET.items() if value and name not in {"format", "columns", "q"}}
    filters = ", ".join(f"{name}={value}" for name, value in sorted(query.items()))[:300]
    record(request.user, "export", table, details={"format": format, "filters": filters})
