"""The connection proves who the broker is, and the gate who it is."""

import datetime as dt
import ipaddress
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sync_rig import Mosquitto, Rig, utc, wait_until

from edge.sync.mqtt import LinkError
from edge.sync.summary import LinkSummary, SummaryReader


class Authority:
    """A certificate authority of our own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = folder / f"{name}.pem"
        certificate = self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))
        self.path.write_bytes(certificate.public_bytes(Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        """(certificate, key) for 127.0.0.1."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = self._sign(subject, key, address)
        paths = self._folder / f"{name}.crt.pem", self._folder / f"{name}.key.pem"
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return paths

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(utc() - dt.timedelta(days=1))
            .not_valid_after(utc() + dt.timedelta(days=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .sign(self._key, hashes.SHA256())
        )


def _ends_as(tmp_path: Path, broker: Mosquitto, expected: Callable[[LinkSummary], object], **sync: object) -> None:
    broker.start()
    rig = Rig(tmp_path, broker.port)
    rig.sync(rig.gate_config(tls=True, **sync))
    summary = SummaryReader(rig.state_dir / "replica.db")
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
        lambda link: not link.connected and "is not to be believed" in link.detail,
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
