"""A worker on two risk lists is on both at the gate: which one HQ names last must not decide."""

from contract.messages import RiskEntry
from edge.replica.list_assembly import risks


def test_ok__all_entries_of_a_worker_are_kept_in_any_order() -> None:
    watch, deny = RiskEntry(worker_id="w-1", list_name="watch"), RiskEntry(worker_id="w-1", list_name="violence")
    other = RiskEntry(worker_id="w-2", list_name="watch")
    assert risks([watch, other, deny]) == {"w-1": (watch, deny), "w-2": (other,)}
    assert set(risks([deny, watch])["w-1"]) == {watch, deny}
