"""A large roster comes while people pass: a real replica, the real reader and gallery, and every turn looks at its
frame."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from roster_rig import EACH, FACES, PARTS, Gatehouse

from contract.messages import Reason
from contract.parts import SealedPart
from edge.app.gate import PARTS_PER_REFRESH
from edge.replica import reader as replica_reader
from edge.replica.signed_lists import signed_part


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Gatehouse]:
    made = Gatehouse(tmp_path)
    yield made
    made.loop.close()
    made.writer.close()


def test_ok__a_large_roster_is_taken_in_bounded_slices_and_no_turn_misses_its_frame(
    house: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(body: bytes, *rest: object) -> SealedPart:
        read[-1] += 1
        return signed_part(body, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(replica_reader.signed_lists, "signed_part", counted)
    for version in (1, 2):
        house.hq_sends(version)
        while house.roster.state.roster.version < version:
            read.append(0)
            house.turn()
            time.sleep(0.001)  # the hand-set clock does not wait, and the gallery's thread needs the processor too
        assert house.matcher.gallery_size == PARTS * EACH
    assert max(read) == PARTS_PER_REFRESH
    assert sum(read) == 2 * (PARTS + 1)


def test_ok__while_a_new_roster_is_read_the_old_one_decides_and_gallery_and_list_change_as_one(
    house: Gatehouse,
) -> None:
    house.hq_sends(1)
    while house.roster.state.roster.version < 1:
        house.turn()
        time.sleep(0.001)
    house.hq_sends(2)
    # Both people in turn, again and again: each decision must be that of one roster, its version and its gallery alike.
    number = 0
    while (2, Reason.GRANTED) not in {(event.roster_version, event.reason) for event in house.decisions()}:
        house.engine.face = None if number % 40 >= 25 else FACES[number // 40 % 2]
        house.turn()
        time.sleep(0.0005)
        number += 1
    granted = {(event.roster_version, event.worker_id) for event in house.decisions() if event.granted}
    last = PARTS * EACH - 1
    assert granted == {(1, f"v1-{last}"), (2, f"v2-{last}")}
    assert {event.reason for event in house.decisions()} <= {Reason.GRANTED, Reason.UNKNOWN}
