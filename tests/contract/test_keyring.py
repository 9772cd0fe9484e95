"""Key files that hold several keys: which are read, which are refused, and how a change is followed."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from contract.keyring import OpeningKeys, TrustedKeys, ids
from contract.signing import (
    BadKey,
    BadSeal,
    BadSignature,
    key_id,
    private_pem,
    public_pem,
    read_signing_public,
    seal,
    sealing_privates,
    sign,
    signing_privates,
    signing_publics,
    unseal,
    verify,
)

OLD, NEW, FORGER = (Ed25519PrivateKey.generate() for _ in range(3))
SITE_OLD, SITE_NEW = X25519PrivateKey.generate(), X25519PrivateKey.generate()


def _file(path: Path, *blocks: bytes) -> Path:
    path.write_bytes(b"".join(blocks))
    return path


def test_ok__every_key_of_the_file_is_trusted_in_any_order(tmp_path: Path) -> None:
    for number, order in enumerate(((OLD, NEW), (NEW, OLD))):
        trusted = TrustedKeys(_file(tmp_path / f"{number}.pem", *map(public_pem, order)))
        assert [verify(sign(b"x", "ack", key), "ack", trusted) for key in (OLD, NEW)] == [b"x", b"x"]
        assert ids(trusted) == tuple(map(key_id, order))
        with pytest.raises(BadSignature, match="not signed by HQ's key"):
            verify(sign(b"x", "ack", FORGER), "ack", trusted)
        with pytest.raises(BadSignature):
            verify(sign(b"x", "code", NEW), "ack", trusted)


def test_ok__the_first_key_is_the_one_in_use(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.pem", public_pem(NEW), b"\n\n", public_pem(OLD))
    assert key_id(read_signing_public(path)) == key_id(NEW) == key_id(NEW.public_key())


def test_ok__any_private_key_of_the_file_opens_a_seal(tmp_path: Path) -> None:
    opening = OpeningKeys(_file(tmp_path / "site.pem", private_pem(SITE_NEW), private_pem(SITE_OLD)))
    for key in (SITE_OLD, SITE_NEW):
        assert unseal(seal(b"list", "roster part", key.public_key()), "roster part", opening) == b"list"
    stranger = X25519PrivateKey.generate().public_key()
    with pytest.raises(BadSeal, match="not sealed for this key"):
        unseal(seal(b"list", "roster part", stranger), "roster part", opening)
    with pytest.raises(BadSeal):
        unseal(seal(b"list", "risk part", SITE_NEW.public_key()), "roster part", opening)


def test_ok__a_key_that_comes_or_goes_counts_at_once(tmp_path: Path) -> None:
    path = _file(tmp_path / "hq.pem", public_pem(OLD))
    trusted, signed = TrustedKeys(path), sign(b"x", "ack", NEW)
    with pytest.raises(BadSignature):
        verify(signed, "ack", trusted)
    _file(path, public_pem(OLD), public_pem(NEW))
    assert verify(signed, "ack", trusted) == b"x"
    _file(path, public_pem(NEW))
    with pytest.raises(InvalidSignature):
        trusted.verify(OLD.sign(b"x"), b"x")


@pytest.mark.parametrize("damage", ["half a copy", "gone", "nothing in it"])
def test_fail__a_file_that_cannot_be_read_meanwhile_changes_nothing(tmp_path: Path, damage: str) -> None:
    path = _file(tmp_path / "hq.pem", public_pem(OLD))
    trusted = TrustedKeys(path)
    if damage == "gone":
        path.unlink()
    else:
        _file(path, (public_pem(OLD) + public_pem(NEW))[:150] if damage == "half a copy" else b"")
    assert ids(trusted) == (key_id(OLD),)
    _file(path, public_pem(OLD), public_pem(NEW))
    assert ids(trusted) == (key_id(OLD), key_id(NEW))


def _locked(key: X25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        ((), "not a PEM key file"),
        ((b"ssh-ed25519 AAAA",), "not a PEM key file"),
        ((public_pem(OLD), b"see below\n", public_pem(NEW)), "something stands outside its blocks"),
        ((public_pem(OLD), public_pem(NEW)[:60]), "something stands outside its blocks"),
        ((public_pem(OLD), public_pem(SITE_NEW)), "block 2, is not an Ed25519 public key"),
        ((public_pem(OLD), private_pem(NEW)), "block 2, is not an Ed25519 public key"),
        ((public_pem(OLD), public_pem(NEW), public_pem(OLD)), f"block 3, is key {key_id(OLD)} a second time"),
        (tuple(public_pem(Ed25519PrivateKey.generate()) for _ in range(5)), "holds 5 keys, 4 at most"),
        ((public_pem(OLD).replace(b"MCow", b"MCox"),), "is not a PEM key: it is broken"),
    ],
    ids=[f"file {number}" for number in range(9)],  # the same in every process: the keys are drawn at random
)
def test_fail__what_is_no_file_of_public_keys_says_so(tmp_path: Path, blocks: tuple[bytes, ...], says: str) -> None:
    with pytest.raises(BadKey, match=says):
        signing_publics(_file(tmp_path / "hq.pem", *blocks))


def test_fail__private_keys_of_two_kinds_or_with_a_password(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="block 2, is not an X25519 private key"):
        sealing_privates(_file(tmp_path / "a.pem", private_pem(SITE_NEW), private_pem(NEW)))
    with pytest.raises(BadKey, match="is not an Ed25519 private key"):
        signing_privates(_file(tmp_path / "a.pem", public_pem(NEW)))
    with pytest.raises(BadKey, match="or has a password"):
        sealing_privates(_file(tmp_path / "b.pem", _locked(SITE_NEW)))
    with pytest.raises(BadKey, match="cannot read the key file"):
        TrustedKeys(tmp_path / "missing.pem")


def test_fail__an_error_shows_nothing_of_a_private_key(tmp_path: Path) -> None:
    body = private_pem(SITE_NEW).splitlines()[1]
    with pytest.raises(BadKey) as failure:
        sealing_privates(_file(tmp_path / "a.pem", private_pem(SITE_OLD), body))
    assert body.decode() not in str(failure.value)
