"""A person who was let in has to leave before being let in again."""

from hypothesis import given
from hypothesis import strategies as st

from edge.core.once_per_approach import AWAY_S, TRIES, OncePerApproach

LEFT_S = 5.0
FRAME_S = 0.1


def seen(once: OncePerApproach, who: str | None, from_s: float, for_s: float) -> OncePerApproach:
    """Frames of one person (or "?", whose name is not known; None: of nobody)."""
    for number in range(round(for_s / FRAME_S) + 1):
        now = from_s + number * FRAME_S
        once = once.lane_empty(now) if who is None else once.face_seen(now, None if who == "?" else who)
    return once


def test_ok__who_stays_is_barred_and_another_is_not() -> None:
    once = seen(OncePerApproach(LEFT_S).released("w1", 7, 0.0), "w1", 0.1, 1000)
    assert once.blocking_release("w1", ()) is not None
    assert once.blocking_release("w2", ()) is None


def test_ok__an_empty_lane_forgets_after_its_time_and_not_before() -> None:
    once = OncePerApproach(LEFT_S).released("w1", 7, 0.0)
    assert seen(once, None, 1.0, LEFT_S - 0.2).blocking_release("w1", ()) is not None
    assert seen(once, None, 1.0, LEFT_S + 0.1).blocking_release("w1", ()) is None


def test_fail__a_face_whose_name_is_not_known_is_no_empty_lane() -> None:
    once = OncePerApproach(LEFT_S).released("w1", 7, 0.0)
    for start in range(0, 100, 4):
        once = seen(seen(once, None, start, 3.5), "?", start + 3.6, 0.2)
    assert once.blocking_release("w1", ()) is not None


def test_fail__a_camera_that_was_lost_in_between_shows_no_empty_lane() -> None:
    once = OncePerApproach(LEFT_S).released("w1", 7, 0.0).lane_empty(1.0).lane_empty(600.0)
    assert once.blocking_release("w1", ()) is not None
    assert seen(once, None, 600.1, LEFT_S).blocking_release("w1", ()) is None


def test_ok__in_a_queue_whoever_was_long_away_may_come_again() -> None:
    once = OncePerApproach(LEFT_S).released("w1", 7, 0.0)
    for number in range(12):
        name = f"q{number}"
        once = seen(once, name, 10.0 * number + 1, 9.0).released(name, 8 + number, 10.0 * number + 2)
    assert AWAY_S < 10.0 * 12
    assert once.face_seen(125.0, "w1").blocking_release("w1", ()) is None
    assert once.face_seen(125.0, "q11").blocking_release("q11", ()) is not None
    assert len(once.admitted) < 12  # what is remembered has a bound


def test_fail__a_face_that_nobody_followed_never_becomes_long_away() -> None:
    once = seen(OncePerApproach(LEFT_S).released("w1", 7, 0.0), "?", 0.1, 3 * AWAY_S)
    assert once.face_seen(3 * AWAY_S + 1, "w1").blocking_release("w1", ()) is not None


def test_ok__where_a_sensor_tells_that_nobody_passed_there_are_so_many_tries() -> None:
    once = OncePerApproach(LEFT_S)
    for release in range(1, TRIES):
        once = once.released("w1", release, 10.0 * release)
        assert once.blocking_release("w1", {release}) is None
        assert once.blocking_release("w1", ()) is not None
    assert once.released("w1", TRIES, 10.0 * TRIES).blocking_release("w1", {TRIES}) is not None


@given(st.lists(st.tuples(st.sampled_from([None, "?", "w1", "w2"]), st.floats(0.1, 4.0)), max_size=40))
def test_ok__no_order_of_faces_gives_one_worker_two_releases_while_the_lane_is_never_empty(
    turns: list[tuple[str | None, float]],
) -> None:
    """Two workers' pictures, shown in any order, with pauses too short to leave: two releases at the most."""
    once, now, releases, empty_s = OncePerApproach(LEFT_S), 0.0, 0, 0.0
    for who, for_s in turns:
        empty_s = empty_s + for_s if who is None else 0.0
        if empty_s >= LEFT_S - 0.5 or now > AWAY_S:
            break
        once = seen(once, who, now, for_s)
        now += for_s + FRAME_S
        if who in ("w1", "w2") and once.blocking_release(who, ()) is None:
            releases += 1
            once = once.released(who, releases, now)
    assert releases <= 2
