"""Explain branches of a journal (`hq.ingest.forks`)."""

from sqlalchemy import Connection

from hq.database.events import chain_base
from hq.database.journals import watermarks
from hq.database.values import JournalKey, Watermark, origin


def branch_reason(db: Connection, key: JournalKey) -> str:
    """Say why a branch, whose own chain is whole, is held apart; "" of any other journal."""
    if not (epoch := origin(key.epoch)):
        return ""
    trunk = key.gate_id, epoch
    begin, end = chain_base(db, key)[0], watermarks(db, {trunk}).get(trunk, Watermark()).seq
    if begin > end:
        return f"whole, but events {end + 1} to {begin} of {epoch} are missing: HQ was restored from an older backup"
    return (
        f"whole, but parts from {epoch} after event {begin}: two gates with one id (a copied card?), or changed history"
    )
