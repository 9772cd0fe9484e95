"""The uplink's window under loss, duplication and reordering: every event arrives, in order, within the window."""

from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.backoff import doubled_s
from contract.chain import GENESIS
from contract.messages import Ack, EventRecord
from edge.sync.send_window import AckEffect, Window, fit
from hq.ingest.batches import split

START = datetime(2026, 11, 21, tzinfo=UTC)
TIMEOUT_S = 10.0


def _ack(seq: int, at_s: float = 0, epoch: str = "e") -> Ack:
    return Ack(gate_id="g", epoch=epoch, seq=seq, utc=START + timedelta(seconds=at_s))


def _record(seq: int, body: str = "{}") -> EventRecord:
    return EventRecord(seq=seq, prev_hash=GENESIS, hash=GENESIS, body=body)


def _window(head: int = 0, acked: Ack | None = None, batches: int = 4) -> Window:
    return Window("e", batches, TIMEOUT_S, acked, head)


class _World:
    """A gate's window, an HQ with its real sorting, and a network that does what hypothesis tells it."""

    def __init__(self, batches: int, batch_events: int) -> None:
        self.window, self.batches, self.batch_events = _window(batches=batches), batches, batch_events
        self.head, self.now, self.watermark = 0, 0.0, 0
        self.delivered: list[int] = []
        self.up: list[tuple[int, int]] = []
        self.down: list[Ack] = []

    def append(self, count: int) -> None:
        self.head += count

    def send(self, away: bool = False) -> None:
        sent = 0
        while (after := self.window.send_after(self.head, self.now, hq_away=away)) is not None:
            last = min(self.head, after + self.batch_events)
            self.up.append((after + 1, last))
            self.window.note_sent(last, self.now)
            sent += 1
            assert last <= self.window.acked + (1 if away else self.batches) * self.batch_events
        assert sent <= (1 if away else self.batches)

    def deliver(self, index: int, keep: bool) -> None:
        if not self.up:
            return
        first, last = self.up[index % len(self.up)]
        if not keep:
            self.up.remove((first, last))
        found = split(tuple(_record(seq) for seq in range(first, last + 1)), self.watermark)
        self.delivered += [record.seq for record in found.fresh]
        self.watermark += len(found.fresh)
        self.now += 0.001
        self.down.append(_ack(self.watermark, self.now))

    def answer(self, index: int, keep: bool) -> None:
        if self.down:
            ack = self.down[index % len(self.down)]
            if not keep:
                self.down.remove(ack)
            assert self.window.note_ack(ack, self.now) is not AckEffect.IMPOSSIBLE
            assert self.window.acked <= self.watermark


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 7)),
        st.tuples(st.just("send"), st.booleans()),
        st.tuples(st.just("deliver"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("answer"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("lose"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("wait"), st.floats(0, 2 * TIMEOUT_S)),
        st.tuples(st.just("reconnect"), st.none()),
    ),
    max_size=60,
)


@settings(max_examples=300)
@given(STEPS, st.integers(1, 4), st.integers(1, 5))
def test_ok__every_event_arrives_in_order_whatever_the_network_does(
    steps: list, batches: int, batch_events: int
) -> None:
    world = _World(batches, batch_events)
    for name, *values in steps:
        match name:
            case "append":
                world.append(values[0])
            case "send":
                world.send(away=values[0])
            case "deliver":
                world.deliver(*values)
            case "answer":
                world.answer(*values)
            case "lose":
                queue = world.up if values[1] else world.down
                if queue:
                    queue.pop(values[0] % len(queue))
            case "wait":
                world.now += values[0]
            case "reconnect":
                world.up.clear()
                world.window.reconnected()
    for _ in range(2 * world.head + 10):  # from here on the network is well: all must arrive
        world.now += TIMEOUT_S
        world.send()
        for _ in range(len(world.up)):
            world.deliver(0, keep=False)
        for _ in range(len(world.down)):
            world.answer(0, keep=False)
    assert world.delivered == list(range(1, world.head + 1))
    assert world.window.acked == world.head


def test_ok__nothing_is_sent_twice_while_hq_answers() -> None:
    world = _World(batches=2, batch_events=3)
    world.append(20)
    sent = []
    while world.watermark < 20:
        world.send()
        sent += world.up
        while world.up:
            world.deliver(0, keep=False)
        while world.down:
            world.answer(0, keep=False)
    assert sent == [(n, min(n + 2, 20)) for n in range(1, 21, 3)]


def test_ok__the_window_opens_only_by_acknowledgement() -> None:
    window = _window(batches=2)
    for last in (5, 10):
        assert window.send_after(100, 0) is not None
        window.note_sent(last, 0)
    assert window.send_after(100, 1) is None
    assert window.note_ack(_ack(5), 1) is AckEffect.PROGRESS
    assert window.send_after(100, 1) == 10


def test_ok__silence_sends_again_from_the_watermark() -> None:
    window = _window()
    window.note_sent(5, 0)
    window.note_ack(_ack(3), 1)
    assert window.send_after(5, TIMEOUT_S) is None
    assert window.send_after(5, TIMEOUT_S + 1) == 3


def test_ok__a_repeated_watermark_sends_again_once() -> None:
    window = _window()
    window.note_ack(_ack(0, 0), 0)
    for last in (5, 10, 15):
        window.note_sent(last, 0)
    assert window.note_ack(_ack(0, 1), 1) is AckEffect.RESEND
    window.note_sent(5, 1)
    assert window.note_ack(_ack(0, 2), 1) is AckEffect.OLD
    assert window.sent == 5


def test_ok__while_hq_is_away_one_batch_probes() -> None:
    window = _window(batches=4)
    assert window.send_after(100, 0, hq_away=True) == 0
    window.note_sent(50, 0)
    assert window.send_after(100, 1, hq_away=True) is None
    assert window.send_after(100, TIMEOUT_S + 1, hq_away=True) == 0


def test_ok__an_hq_restored_from_a_backup_gets_the_rest_again() -> None:
    window = _window(head=100, acked=_ack(100, 5))
    assert window.note_ack(_ack(80, 4), 0) is AckEffect.OLD
    assert window.note_ack(_ack(80, 6), 0) is AckEffect.SET_BACK
    assert window.send_after(100, 0) == 80


def test_fail__acks_of_another_epoch_or_of_what_was_never_sent() -> None:
    window = _window(head=10)
    assert window.note_ack(_ack(5, epoch="other"), 0) is AckEffect.OTHER_EPOCH
    assert window.note_ack(_ack(11), 0) is AckEffect.IMPOSSIBLE
    assert window.acked == 0
    assert window.note_ack(_ack(10), 0) is AckEffect.PROGRESS  # an earlier process may have sent these


@example(["", ""], 404)
@given(st.lists(st.text(max_size=300), max_size=30), st.integers(1, 3_000))
def test_ok__a_message_stays_below_its_limit(bodies: list[str], limit: int) -> None:
    records = [_record(number, body) for number, body in enumerate(bodies, 1)]
    taken = fit(records, limit)
    assert taken == tuple(records[: len(taken)])
    assert len(taken) >= min(1, len(records))
    if len(taken) > 1:
        assert sum(len(record.model_dump_json().encode()) for record in taken) <= limit


@given(st.integers(0, 10_000))
def test_ok__pauses_double_up_to_their_limit(tries: int) -> None:
    pause = doubled_s(0.5, tries, 60)
    assert 0.5 <= pause <= 60
    assert pause == min(60, 0.5 * 2 ** min(tries, 10))


@settings(max_examples=40, deadline=None)
@given(st.floats(0.5, 6), st.integers(1, 5))
def test_ok__a_slow_hq_is_not_buried_under_what_it_already_has(factor: float, batches: int) -> None:
    """It takes `factor` time-outs for each batch, new or not, one after the other."""
    window, head, done, watermark, now = _window(batches=batches), 30, 0, 0, 0.0
    queue: list[int] = []
    free_at = 0.0
    while watermark < head:
        while (after := window.send_after(head, now)) is not None:
            queue.append(after + 1)
            window.note_sent(after + 1, now)
        now += TIMEOUT_S / 5
        if queue and now >= free_at:
            seq, done, free_at = queue.pop(0), done + 1, now + factor * TIMEOUT_S
            held = {"batch_seq": seq} if seq <= watermark else {}
            watermark = max(watermark, seq if seq == watermark + 1 else 0)
            window.note_ack(_ack(watermark, now).model_copy(update=held), now)
        assert len(queue) < 4 * batches + 10
    assert done < 2 * head + 40


def test_ok__an_answer_that_looks_old_is_believed_if_nothing_else_comes() -> None:
    """An HQ whose clock was in the future once, restored from a backup: it holds 80, and its times are never newer."""
    window = _window(head=100, acked=_ack(100, 10**8))
    window.note_sent(110, 0)
    assert window.note_ack(_ack(80, 1), 1) is AckEffect.OLD
    assert window.send_after(120, TIMEOUT_S) == 100
    window.note_sent(110, TIMEOUT_S)
    assert window.note_ack(_ack(80, 2), TIMEOUT_S + 1) is AckEffect.OLD
    assert window.send_after(120, 3 * TIMEOUT_S) == 80
    window.note_sent(90, 3 * TIMEOUT_S)
    assert window.note_ack(_ack(90, 3), 3 * TIMEOUT_S) is AckEffect.PROGRESS
