"""PROMISE: a hostile or broken platform loses nothing and stops nothing else, and numbers stay encrypted."""

import logging
import ssl
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from district_rig import SmallDistrict
from django.test import Client
from realname_rig import NOW, SECRET, RealnameRig, realname_rig, valid_id

from district.audit.models import Entry
from district.config import RealnameConfig
from district.permissions import Role
from district.realname.connector import ANSWER_MAX_BYTES, Connector, NoAnswer
from district.realname.models import SiteUpload, Upload
from district.realname.rules.advice import advice, without_numbers
from district.realname.rules.lacks import Lack, Trouble
from district.realname.rules.signers import PlatformCredentials
from district.realname.rules.timing import ASKED_MAX

State, Kind = Upload.State, Upload.Kind
OK = b'{"code":"0","data":{"requestSerialCode":"x"}}'


class Dripping(httpx.SyncByteStream):
    """Sends for ever."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b" " * 65_536


def answered(response: httpx.Response | Exception) -> NoAnswer:
    def carry(_request: httpx.Request) -> httpx.Response:
        if isinstance(response, Exception):
            raise response
        return response

    config = RealnameConfig(url="https://platform.test/open.api")
    connector = Connector(config, httpx.Client(transport=httpx.MockTransport(carry)))
    with pytest.raises(NoAnswer) as found:
        connector.call("Team.Add", {}, PlatformCredentials("app-1", SECRET))
    return found.value


@pytest.mark.parametrize(
    ("response", "trouble", "may_have_it"),
    [
        (httpx.Response(302, headers={"Location": "https://elsewhere.test"}, content=OK), Trouble.NOT_OURS, True),
        (httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Dripping()), Trouble.NOT_OURS, True),
        (httpx.Response(204), Trouble.NOT_OURS, True),
        (httpx.Response(500, content=OK), Trouble.NOT_OURS, True),
        (httpx.Response(200, content=b"<html>login</html>"), Trouble.NOT_OURS, True),
        (httpx.Response(200, stream=Dripping()), Trouble.NOT_OURS, True),
        (httpx.Response(200, content=b" " * (ANSWER_MAX_BYTES + 1)), Trouble.NOT_OURS, True),
        (httpx.ReadTimeout("silent"), Trouble.NO_ANSWER, True),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), Trouble.CERTIFICATE, False),
        (httpx.ConnectError("refused"), Trouble.AWAY, False),
        (httpx.InvalidURL("no address"), Trouble.AWAY, False),
    ],
)
def test_fail__no_answer_but_the_platforms_own_is_believed(
    response: httpx.Response | Exception, trouble: Trouble, may_have_it: bool
) -> None:
    error = answered(response)
    assert (error.trouble, error.sent) == (trouble, may_have_it)
    assert SECRET not in str(error)
    assert ssl.CERT_REQUIRED  # the client checks certificates by itself


def test_fail__numbers_in_the_platforms_words_are_hidden() -> None:
    text = "工人440605199001010011已存在, 6217231208010442535, 13800138000, 班组1500161164, 2026-11-20 08:00:00"
    hidden = without_numbers(text)
    assert hidden == "工人4406…已存在, 6217…, 1380…, 班组1500161164, 2026-11-20 08:00:00"
    assert "班组" in text and "team" in advice("班组不存在")
    assert advice("某种没见过的错误").startswith("Correct it")


@pytest.fixture
def rig(town: SmallDistrict) -> RealnameRig:
    """Return the first site, ready to upload."""
    return realname_rig(town)


def test_fail__a_result_that_stays_away_is_said_and_then_asked_for_otherwise(rig: RealnameRig, client: Client) -> None:
    rig.sim.result_after = timedelta(days=9_999)
    rig.rounds(3)
    Upload.objects.filter(state=State.SENT).update(asked=ASKED_MAX)
    client.force_login(rig.town.accounts[Role.MANAGER])
    assert "has no result yet" in client.get(f"/uploads/{rig.project.pk}/").content.decode()
    rig.sim.result_after = timedelta(0)
    rig.sim._results.clear()
    rig.now += timedelta(days=1)
    rig.rounds(60, timedelta(minutes=1))
    assert not Upload.objects.exclude(state=State.DONE).exists()
    assert len(rig.sim.projects[rig.project.code].teams) == 1


def test_fail__rows_that_were_not_asked_for_prove_nothing(rig: RealnameRig) -> None:
    """A platform that ignores the question answers with somebody else."""
    real, seen = rig.answer, list[str]()

    def stranger(request: httpx.Request) -> httpx.Response:
        if b"ProjectWorker.Query" in request.content or b"Team.Query" in request.content:
            seen.append("asked")
            sealed = rig.connector.signer.encrypt(valid_id(400), PlatformCredentials("app-1", SECRET))
            row = {"idCardNumber": sealed, "teamName": "别的班组", "teamSysNo": 7, "corpCode": "x"}
            return httpx.Response(200, json={"code": "0", "data": {"rows": [row], "totalCount": 1}})
        return real(request)

    rig.connector.client = httpx.Client(transport=httpx.MockTransport(stranger))
    rig.rounds(2)
    Upload.objects.exclude(state=State.DONE).update(unsure=True, state=State.WAITING, next_try=NOW)
    rig.rounds(40)
    assert seen
    assert set(rig.sim.projects[rig.project.code].workers) == {valid_id(0), valid_id(1)}


def test_fail__a_busy_platform_is_named_and_a_mended_secret_lets_everything_go(rig: RealnameRig) -> None:
    rig.sim.calls_per_minute = 0
    rig.rounds(2)
    assert rig.site.trouble == Trouble.BUSY
    rig.sim.calls_per_minute = 100_000
    SiteUpload.objects.update(secret="short", paused_until=None)
    for row in Upload.objects.filter(kind=Kind.WORKER):
        row.state, row.lack = State.BLOCKED, Lack.SECRET
        row.save()
    site = rig.site
    site.secret, site.looked, site.paused_until, site.trouble = SECRET, None, None, ""
    site.save()
    rig.rounds(40)
    assert not Upload.objects.exclude(state=State.DONE).exists()


def test_fail__no_number_and_no_secret_in_logs_audit_and_pages(
    rig: RealnameRig, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    real = rig.answer

    def telling(request: httpx.Request) -> httpx.Response:
        if b"ProjectWorker.Add" in request.content:
            return httpx.Response(200, json={"code": "-1", "message": f"证件号码{valid_id(0)}与姓名不符"})
        return real(request)

    rig.connector.client = httpx.Client(transport=httpx.MockTransport(telling))
    rig.rounds(20)
    client.force_login(rig.town.accounts[Role.MANAGER])
    page = client.get(f"/uploads/{rig.project.pk}/").content.decode()
    client.post(f"/uploads/{rig.project.pk}/again")
    assert "与姓名不符" in page and "Compare the id document" in page
    everything = page + caplog.text + str(list(Entry.objects.values_list("details", flat=True)))
    for hidden in (valid_id(0), valid_id(1), SECRET):
        assert hidden not in everything
