"""Planned passages of people, and what must follow from them: counted here in another way than the district does."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from contract.chain import GENESIS, link
from contract.codec import encode
from contract.messages import Direction, PassageEvent, PassageOutcome

CHINA = ZoneInfo("Asia/Shanghai")
EPOCH = "epoch-1"
DAY_BEGINS = timedelta(hours=4)
_HOURS = ((Direction.IN, 7.5), (Direction.OUT, 11.5), (Direction.IN, 13.0), (Direction.OUT, 17.5))


def write_plan(path: Path, sites: Mapping[str, Sequence[str]], days: int) -> int:
    """Write the events of `days` days before today, and one entry of each person an hour ago. Return how many."""
    now, count = datetime.now(UTC), 0
    with path.open("w") as file:
        for site, people in sites.items():
            before = GENESIS
            for seq, (who, direction, utc) in enumerate(_passages(people, days, now), 1):
                gate = f"gate-{site}"
                body = _event(site, gate, seq, who, direction, utc)
                record = {"seq": seq, "prev_hash": before, "hash": link(before, body), "body": body}
                before = record["hash"]
                file.write(json.dumps({"site": site, "gate": gate, "epoch": EPOCH, "record": record}) + "\n")
                count += 1
    return count


def expected(path: Path) -> dict[str, "Counter[Any]"]:
    """Return passages, stays, days and people inside that follow from the plan: each entry and its exit in turn."""
    steps: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    passages: Counter[Any] = Counter()
    for text in path.read_text().splitlines():
        found = json.loads(text)
        body = json.loads(found["record"]["body"])
        passages[found["gate"], body["seq"]] += 1
        steps[body["worker_id"]].append((datetime.fromisoformat(body["utc"]), body["direction"]))
    stays, inside, seconds = Counter[Any](), Counter[str](), Counter[tuple[str, date]]()
    for who, taken in steps.items():
        taken.sort()
        for entry, leaving in zip(taken[::2], [*taken[1::2], None], strict=False):
            came, left = entry[0], leaving[0] if leaving else None
            stays[who, came.timestamp(), left and left.timestamp()] += 1
            seconds[who, (came.astimezone(CHINA) - DAY_BEGINS).date()] += (
                int((left - came).total_seconds()) if left else 0
            )
            if left is None:
                inside[who] += 1
    days = Counter({(who, day, total): 1 for (who, day), total in seconds.items()})
    return {"passages": passages, "stays": stays, "days": days, "inside": inside}


def _passages(people: Sequence[str], days: int, now: datetime) -> Iterator[tuple[str, Direction, datetime]]:
    today = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    for back in range(days, 0, -1):
        for direction, hour in _HOURS:
            for number, who in enumerate(people):
                yield who, direction, today - timedelta(days=back) + timedelta(hours=hour, minutes=number)
    for who in people:
        yield who, Direction.IN, now - timedelta(hours=1)


def _event(site: str, gate: str, seq: int, who: str, direction: Direction, utc: datetime) -> str:
    event = PassageEvent(
        site_id=site,
        gate_id=gate,
        epoch=EPOCH,
        seq=seq,
        boot_id="boot-1",
        utc=utc,
        monotonic_ms=seq,
        clock_trusted=True,
        outcome=PassageOutcome.PASSED,
        direction=direction,
        worker_id=who,
    )
    return encode(event).decode()
