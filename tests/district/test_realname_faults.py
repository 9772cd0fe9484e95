"""PROMISE: faults of platform, network and worker lose nothing, double nothing, and stop nothing else."""

from contextlib import suppress
from datetime import timedelta
from random import Random

import httpx
import pytest
from district_rig import SmallDistrict
from realname_rig import DONE, NOW, RealnameRig, realname_rig, waiting

from district.realname import look, worker_rounds
from district.realname.models import SiteUpload, Upload
from district.realname.rules.lacks import Trouble

State = Upload.State


@pytest.fixture
def rig(town: SmallDistrict) -> RealnameRig:
    """Return the first site, ready to upload."""
    return realname_rig(town)


def test_fail__a_wrong_secret_pauses_the_site_and_says_so(rig: RealnameRig) -> None:
    site = rig.site
    site.secret = "f" * 32
    site.save()
    rig.rounds(30)
    assert (rig.site.trouble, rig.site.trouble_detail) == (Trouble.SIGNATURE, "-2 签名校验错误")
    assert len(rig.sim.calls) == 0
    assert rig.site.paused_until
    site.secret = "0123456789abcdef0123456789abcdef"
    site.save(update_fields=["secret"])
    rig.rounds(30, timedelta(minutes=1))
    assert rig.states() == DONE
    assert rig.site.trouble == ""


def test_fail__a_clock_that_is_off_stops_the_site_and_refuses_nothing(rig: RealnameRig) -> None:
    real = rig.answer

    def ahead(request: httpx.Request) -> httpx.Response:
        response = real(request)
        response.headers["Date"] = "Fri, 20 Nov 2026 03:30:00 GMT"
        return response

    rig.sim.clock = lambda: rig.now - timedelta(minutes=30)
    platform, rig.connector.client = rig.connector.client, httpx.Client(transport=httpx.MockTransport(ahead))
    rig.rounds(5)
    assert not Upload.objects.filter(state=State.REFUSED).exists()
    assert (rig.site.trouble, rig.site.clock_off_s) == (Trouble.CLOCK, 30 * 60)
    rig.sim.clock, rig.connector.client = lambda: rig.now, platform
    rig.rounds(30, timedelta(minutes=1))
    assert rig.states() == DONE
    assert (rig.site.trouble, rig.site.clock_off_s) == ("", 0)


def test_fail__too_many_calls_are_made_later(rig: RealnameRig) -> None:
    rig.sim.calls_per_minute = 3
    rig.passage(rig.people[0], 5)
    rig.rounds(90, timedelta(minutes=1))
    assert rig.states() == DONE | {"ATTENDANCE done": 1}


@pytest.mark.parametrize("fault", ["lose_answers", "break_calls", "server_errors"])
def test_fail__lost_answers_and_broken_calls_lose_nothing_and_double_nothing(rig: RealnameRig, fault: str) -> None:
    person = rig.people[0]
    for number in range(5):
        rig.passage(person, 60 - number)
    for _ in range(12):
        setattr(rig.sim.faults, fault, 2)
        rig.rounds(3, timedelta(seconds=20))
    rig.rounds(50, timedelta(minutes=1))
    assert rig.states() == DONE | {"ATTENDANCE done": 1}
    assert rig.held() == 5
    assert len(rig.sim.projects[rig.project.code].teams) == 1


class Killed(BaseException):
    """Stands for a worker that is killed: nothing catches it, and nothing after it runs."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_fail__a_worker_killed_at_half_of_its_calls_sends_everything_once(
    rig: RealnameRig, after: bool, seed: int
) -> None:
    calls, chance = 0, Random(seed)

    def carry(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        if calls > 50 or chance.random() < 0.5:
            return rig.answer(request)
        if after:
            rig.answer(request)
        raise Killed

    for number in range(5):
        rig.passage(rig.people[0], 60 - number)
    rig.connector.client = httpx.Client(transport=httpx.MockTransport(carry))
    for _ in range(70):
        with suppress(Killed):
            worker_rounds.make_round(rig.connector, rig.now)
        rig.now += timedelta(minutes=2, seconds=1)
    assert rig.states() == DONE | {"ATTENDANCE done": 1}
    assert calls > 20
    assert (rig.held(), waiting(rig)) == (5, 0)
    assert len(rig.sim.projects[rig.project.code].teams) == 1


def test_fail__a_yes_without_a_code_for_the_result_is_not_believed(rig: RealnameRig) -> None:
    platform = rig.connector.client
    yes = httpx.MockTransport(lambda _: httpx.Response(200, content=b'{"code":"0","data":{}}'))
    rig.connector.client = httpx.Client(transport=yes)
    rig.rounds(10, timedelta(minutes=1))
    assert not Upload.objects.filter(state=State.DONE).exists()
    rig.connector.client = platform
    rig.rounds(60, timedelta(minutes=1))
    assert rig.states() == DONE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"<html>",
        b"[" * 100_000,
        b'{"code":0,"data":[]}',
        b'{"code":"0","data":{"requestSerialCode":{"a":1},"status":"20","result":{"teamSysNo":"1; drop"}}}',
        b'{"code":"-1","message":"\\u0000\\ud800<script>"}',
        b'{"code":"-9","message":null}',
        b'{"code":"0","data":{"rows":[1,null,{"idCardNumber":5,"teamSysNo":"x"}],"totalCount":"many"}}',
        b" " * (5 * 1024 * 1024),
    ],
)
def test_fail__whatever_answers_stops_nothing_else(rig: RealnameRig, content: bytes) -> None:
    hostile = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=content)))
    platform, rig.connector.client = rig.connector.client, hostile
    SiteUpload.objects.update(reconciled=None)
    rig.passage(rig.people[0], 10)
    rig.rounds(15, timedelta(seconds=40))
    rig.connector.client = platform
    rig.now = NOW + timedelta(hours=1)
    look.again(list(Upload.objects.filter(state=State.REFUSED)), rig.now)
    Upload.objects.filter(state=State.DONE).update(state=State.WAITING, uploaded_digest="", next_try=rig.now)
    SiteUpload.objects.update(looked=None, paused_until=None, trouble="", reconciled=NOW)
    rig.rounds(60, timedelta(minutes=1))
    assert rig.states() == DONE | {"ATTENDANCE done": 1}
    assert rig.held() == 1
