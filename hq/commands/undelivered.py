"""Refuse to end what may still hold events that HQ lacks."""

from collections.abc import Iterable, Sequence

from hq.database.gate_reports import GateReport
from hq.registry.gates import RegistryRefused


def refuse_undelivered(gate_ids: Sequence[str], reports: Iterable[GateReport], force: bool) -> None:
    """Refuse, unless forced, to end gates that may hold events that HQ lacks. Raises RegistryRefused."""
    held = {report.gate_id: report for report in reports}
    open_ones = [f"{name} ({why})" for name in gate_ids if (why := _why(held.get(name)))]
    if open_ones and not force:
        raise RegistryRefused(
            f"HQ may lack events of {', '.join(open_ones)}. Let each gate connect and deliver them, or say --force: "
            "then HQ takes nothing more of it, and what it holds stays there"
        )


def _why(report: GateReport | None) -> str:
    if report is None or report.health is None:
        return ""  # it never said that it has any
    if report.health.unsent_events:
        return f"{report.health.unsent_events} not delivered"
    return "" if report.online else "not connected"
