"""What a connection to the broker says when it cannot be made: with real sockets and certificates."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from certificates import Authority

from common.broker import sentences
from common.broker.access import GATE, HQ, BrokerAccess, LinkError
from common.broker.answers import PublishAnswers
from common.broker.link import GATE_LIMITS
from common.broker.rights import TopicRight, TopicRights, summary
from common.broker.server_certificate import days_left_at
from common.broker.session import MqttSession


def access(port: int, ca: Path | None = None, **more: object) -> BrokerAccess:
    made = BrokerAccess(
        names=HQ,
        host="127.0.0.1",
        port=port,
        tls=ca is not None,
        ca_path=ca,
        client_cert_path=None,
        client_key_path=None,
        username="",
        password=lambda: "",
        keepalive_s=20,
        connect_timeout_s=5,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def end_of(reached: BrokerAccess) -> str:
    """Try once to connect, and return why it ended."""
    return MqttSession(
        reached,
        client_id="test",
        subscriptions=(),
        will=None,
        accepted=lambda: None,
        deliver=lambda received: None,
        rights=TopicRights("HQ"),
        limits=GATE_LIMITS,
    ).run()


@contextmanager
def server(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """Take one connection on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            with suppress(OSError):
                taken, _ = listening.accept()
                with taken:
                    taken.settimeout(5)
                    handle(taken)

        thread = threading.Thread(target=take)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def with_certificate(certificate: Path, key: Path) -> Callable[[socket.socket], None]:
    """Answer with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def handle(taken: socket.socket) -> None:
        with context.wrap_socket(taken, server_side=True) as secured:
            secured.recv(100)

    return handle


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


# paho leaves the refused socket to the collector
LEFT = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


@LEFT
@pytest.mark.parametrize(
    ("change", "says", "todo"),
    [
        ({"days": -1.0}, "certificate has expired", "renew it at the broker"),
        ({"since": timedelta(days=1)}, "not yet valid", "correct this clock"),
        ({"address": "192.0.2.1"}, "mismatch", "write a name of the certificate in broker.host"),
    ],
)
def test_fail__each_wrong_certificate_has_its_own_sentence(
    change: dict[str, object], says: str, todo: str, ours: Authority
) -> None:
    certificate, key = ours.issue("broker", **change)  # type: ignore[arg-type]
    with server(with_certificate(certificate, key)) as port:
        text = end_of(access(port, ours.path))
    assert f"the certificate of 127.0.0.1:{port} cannot be trusted" in text
    assert says in text
    assert todo in text


def test_ok__the_end_of_the_brokers_certificate_is_seen_beforehand(ours: Authority) -> None:
    with server(with_certificate(*ours.issue("broker", days=5))) as port:
        left = days_left_at(access(port, ours.path), datetime.now(UTC))
    assert left is not None and 4.9 < left <= 5
    assert days_left_at(access(port, ours.path), datetime.now(UTC)) is None, "nothing listens: another check says so"


@LEFT
def test_fail__an_authority_that_is_not_known(ours: Authority, tmp_path: Path) -> None:
    with server(with_certificate(*Authority(tmp_path, "foreign").issue("broker"))) as port:
        assert "correct broker.ca_path" in end_of(access(port, ours.path))


@LEFT
def test_fail__a_port_without_tls(ours: Authority) -> None:
    def answers_in_plain(taken: socket.socket) -> None:
        taken.sendall(b"no TLS here, and no MQTT")

    with server(answers_in_plain) as port:
        assert "broker.tls = true needs a broker with TLS on that port" in end_of(access(port, ours.path))


@LEFT
def test_fail__a_broker_that_hangs_up() -> None:
    def hangs_up(taken: socket.socket) -> None:
        taken.recv(100)

    with server(hangs_up) as port:
        assert "does it want TLS (broker.tls = true)?" in end_of(access(port))


@LEFT
def test_fail__nothing_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    text = end_of(access(port))
    assert f"cannot reach 127.0.0.1:{port}: [Errno 111] Connection refused: start the broker there" in text
    assert "for a trial: sitegate-hq run --with-broker" in text
    assert "for a trial" not in end_of(access(port, username="hq")), "never beside a configured one"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the name is not known here (Name or service not known)"),
        (TimeoutError("timed out"), "no answer within 5 s: look at network and firewall"),
        (OSError(113, "No route to host"), "No route to host: look at the network"),
    ],
)
def test_fail__the_network_is_wrong(error: OSError, says: str) -> None:
    assert says in sentences.not_reached(access(1883), error)


@pytest.mark.parametrize(
    ("code", "more", "says"),
    [
        (0x86, {"username": "hq"}, "check broker.username, broker.password, certificate"),
        (0x87, {}, "it wants a user: set broker.username, broker.password or broker.client_cert_path"),
        (0x8A, {}, "remove the ban"),
        (0x88, {}, "look at the broker's log"),
    ],
)
def test_fail__the_broker_refuses_the_connection(code: int, more: dict[str, object], says: str) -> None:
    text = sentences.refused(access(1883, **more), code, "why")
    assert text.startswith("the broker refuses HQ: why (")
    assert says in text


def test_fail__a_second_client_took_the_name() -> None:
    assert "another HQ has connected to this broker: stop one" in sentences.lost(
        access(1883), 0x8E, "Session taken over"
    )


@pytest.mark.parametrize(("days", "says"), [(-1.0, "expired on"), (1.0, "does it know this gate's certificate")])
def test_fail__the_own_certificate_is_the_reason(days: float, says: str, ours: Authority) -> None:
    certificate, key = ours.issue("gate", days=days)
    own = {"names": GATE, "client_cert_path": certificate, "client_key_path": key}
    assert says in sentences.hung_up(access(8883, ours.path, **own))


@pytest.mark.parametrize("key", ["ca_path", "client_cert_path", "client_key_path"])
def test_fail__a_missing_file_is_named(key: str, ours: Authority, tmp_path: Path) -> None:
    certificate, private = ours.issue("hq")
    files = {"ca_path": ours.path, "client_cert_path": certificate, "client_key_path": private}
    reached = access(8883, ours.path, **{**files, key: tmp_path / "nope.pem"})
    with pytest.raises(LinkError, match=rf"broker\.{key}: {tmp_path}/nope\.pem: No such file"):
        reached.check()


def test_fail__files_that_are_no_certificates(ours: Authority, tmp_path: Path) -> None:
    text = tmp_path / "text.pem"
    text.write_text("nothing")
    with pytest.raises(LinkError, match=r"broker\.ca_path: .* holds no certificate"):
        access(8883, text).check()
    certificate, _ = ours.issue("hq")
    with pytest.raises(LinkError, match="are no certificate and its key"):
        access(8883, ours.path, client_cert_path=certificate, client_key_path=text).check()


def test_ok__a_refused_topic_is_named_with_its_right_and_forgotten_when_allowed() -> None:
    rights = TopicRights("this gate")
    rights.note("sitegate/v1/s/g/events", TopicRight.WRITE, 0x87, "Not authorized")
    rights.note("sitegate/v1/s/list/#", TopicRight.READ, 0x80, "Unspecified error")
    text = summary(rights.refused, "this gate")
    assert "does not let this gate write sitegate/v1/s/g/events (Not authorized)" in text
    assert '"topic write sitegate/v1/s/g/events" in acl_file; EMQX: Authorization' in text
    assert "refused too: read sitegate/v1/s/list/#" in text
    rights.note("sitegate/v1/s/g/events", TopicRight.WRITE, 0x10, "No matching subscribers")
    assert [one.short for one in rights.refused] == ["read sitegate/v1/s/list/#"]
    rights.forget(["sitegate/v1/s/list/#"], TopicRight.READ)
    assert summary(rights.refused, "this gate") == ""


def test_ok__an_answer_may_come_before_its_number_is_known() -> None:
    answers, seen = PublishAnswers(), list[tuple[int, str]]()
    answers.arrived(1, 0x87, "early")
    answers.expect(1, lambda code, reason: seen.append((code, reason)))
    answers.expect(2, lambda code, reason: seen.append((code, reason)))
    answers.arrived(2, 0, "late")
    for number in range(1000, 1300):  # of QoS 0, which nobody waits for
        answers.expect(number, None)
        answers.arrived(number, 0, "Success")
    assert seen == [(0x87, "early"), (0, "late")]
