"""The connection proves who the broker is, and the gate who it is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import Authority
from sync_rig import Mosquitto, Rig, wait_until

from edge.replica.summary import LinkSummary, SummaryReader
from edge.sync.mqtt import LinkError
from edge.tools.selfcheck import CheckState
from edge.tools.selfcheck import broker as check_broker


def _ends_as(tmp_path: Path, broker: Mosquitto, expected: Callable[[LinkSummary], object], **sync: object) -> None:
    broker.start()
    rig = Rig(tmp_path, broker.port)
    rig.sync(rig.gate_config(tls=True, **sync))
    summary = SummaryReader(rig.state_dir / "sync/replica.db")
    try:
        wait_until(lambda: (link := summary.read().link) and expected(link), "the expected state of the link")
    finally:
        summary.close()
        rig.close()
        broker.kill()


def _tls(certificate: Path, key: Path, more: str = "") -> str:
    return f"allow_anonymous true\ncertfile {certificate}\nkeyfile {key}\n{more}"


def test_ok__both_sides_show_certificates(tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")
    broker = Mosquitto(tmp_path, _tls(*ours.issue("broker"), f"cafile {ours.path}\nrequire_certificate true"))
    certificate, key = ours.issue("gate-1")
    _ends_as(
        tmp_path,
        broker,
        lambda link: link.connected,
        ca_path=str(ours.path),
        client_cert_path=str(certificate),
        client_key_path=str(key),
    )


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # paho leaves the refused socket to the collector
def test_fail__a_broker_of_another_authority(tmp_path: Path) -> None:
    ours, foreign = Authority(tmp_path, "ours"), Authority(tmp_path, "foreign")
    broker = Mosquitto(tmp_path, _tls(*foreign.issue("broker")))
    _ends_as(
        tmp_path,
        broker,
        lambda link: not link.connected and "cannot be trusted" in link.detail,
        ca_path=str(ours.path),
    )


def test_fail__a_gate_without_a_certificate(tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")
    broker = Mosquitto(tmp_path, _tls(*ours.issue("broker"), f"cafile {ours.path}\nrequire_certificate true"))
    _ends_as(
        tmp_path,
        broker,
        lambda link: not link.connected and link.detail and "not connected yet" not in link.detail,
        ca_path=str(ours.path),
    )


def test_fail__a_certificate_file_that_is_missing(tmp_path: Path) -> None:
    rig = Rig(tmp_path, 1)
    with pytest.raises(LinkError, match=r"sync\.ca_path"):
        rig.sync(rig.gate_config(tls=True, ca_path=str(tmp_path / "missing.pem")))


class Lasting:
    """A broker and a gate that both go on while certificates change."""

    def __init__(self, folder: Path, ours: Authority, **sync: object) -> None:
        self.broker = Mosquitto(folder, _tls(folder / "broker.crt.pem", folder / "broker.key.pem", self.more(ours)))
        self._rig = Rig(folder, self.broker.port)
        self._sync, self._ours = sync, ours
        self._summary = SummaryReader(self._rig.state_dir / "sync/replica.db")

    @staticmethod
    def more(ours: Authority) -> str:
        return ""

    def __enter__(self) -> "Lasting":
        self.broker.start()
        self._rig.sync(self._rig.gate_config(tls=True, ca_path=str(self._ours.path), **self._sync))
        return self

    def __exit__(self, *_: object) -> None:
        self._summary.close()
        self._rig.close()
        self.broker.kill()

    def restart_broker(self) -> None:
        self.broker.kill()
        self.until(connected=False)
        self.broker.start()

    def until(self, *, connected: bool, detail: str = "") -> None:
        wait_until(
            lambda: (link := self._summary.read().link) and link.connected is connected and detail in link.detail,
            f"connected: {connected}, {detail}",
        )


class WithClients(Lasting):
    """The broker asks for a certificate of our authority."""

    @staticmethod
    def more(ours: Authority) -> str:
        return f"cafile {ours.path}\nrequire_certificate true"


_PAHO_LEAVES_SOCKETS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@_PAHO_LEAVES_SOCKETS
@pytest.mark.parametrize(
    ("whose", "days", "says"),
    [("foreign", 1.0, "cannot be trusted"), ("ours", -1.0, "certificate has expired")],
)
def test_fail__a_certificate_that_became_wrong_is_refused_until_it_is_right_again(
    whose: str, days: float, says: str, tmp_path: Path
) -> None:
    authorities = {name: Authority(tmp_path, name) for name in ("ours", "foreign")}
    ours = authorities["ours"]
    ours.issue("broker")
    with Lasting(tmp_path, ours) as site:
        site.until(connected=True)
        authorities[whose].issue("broker", days)
        site.restart_broker()
        site.until(connected=False, detail=says)
        ours.issue("broker")  # not the one from before, but of the same authority
        site.restart_broker()
        site.until(connected=True)


@_PAHO_LEAVES_SOCKETS
def test_ok__the_gates_own_certificate_is_renewed_on_disk(tmp_path: Path) -> None:
    ours, foreign = Authority(tmp_path, "ours"), Authority(tmp_path, "foreign")
    ours.issue("broker")
    certificate, key = foreign.issue("gate-1")
    paths = {"client_cert_path": str(certificate), "client_key_path": str(key)}
    with WithClients(tmp_path, ours, **paths) as site:
        site.until(connected=False, detail="does it know this gate's certificate")
        key.unlink()  # half-way through the renewal
        site.until(connected=False, detail="TLS cannot be set up")
        ours.issue("gate-1")
        site.until(connected=True)


@_PAHO_LEAVES_SOCKETS
def test_fail__check_says_what_is_wrong_with_the_brokers_certificate(tmp_path: Path) -> None:
    ours, foreign = Authority(tmp_path, "ours"), Authority(tmp_path, "foreign")
    broker = Mosquitto(tmp_path, _tls(*foreign.issue("broker")))
    broker.start()
    try:
        found = check_broker(Rig(tmp_path, broker.port).gate_config(tls=True, ca_path=str(ours.path)))
    finally:
        broker.kill()
    assert found.state is CheckState.PROBLEM
    assert "cannot be trusted" in found.detail
    assert "correct sync.ca_path" in found.detail


@pytest.mark.parametrize(("days", "state"), [(5.0, CheckState.WARNING), (60.0, CheckState.OK)])
def test_ok__check_says_beforehand_that_the_gates_certificate_ends(
    tmp_path: Path, days: float, state: CheckState
) -> None:
    ours = Authority(tmp_path, "ours")
    broker = Mosquitto(tmp_path, _tls(*ours.issue("broker"), WithClients.more(ours)))
    ours.issue("broker", 90)
    certificate, key = ours.issue("gate-1", days)
    files = {"ca_path": str(ours.path), "client_cert_path": str(certificate), "client_key_path": str(key)}
    broker.start()
    try:
        found = check_broker(Rig(tmp_path, broker.port).gate_config(tls=True, **files))
    finally:
        broker.kill()
    assert found.state is state
    assert ("ends in 5 days" in found.detail) is (state is CheckState.WARNING)
