"""The page for other makers is enough: a client written from it alone checks its examples, and finds what is
changed."""

import ast
import hashlib
import hmac
import json
import sys
from pathlib import Path

import example_client as client
import pytest
from cryptography.exceptions import InvalidSignature

PAGE = Path(__file__).parents[2] / "docs" / "MESSAGES.md"
EXAMPLES = client.examples(PAGE.read_text(encoding="utf-8"))
ACK, CHAIN, PART, STATUS, HEAD, REGISTRATION = (EXAMPLES[name] for name in EXAMPLES)


def test_ok__the_client_is_short_and_imports_nothing_of_ours() -> None:
    source = Path(client.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source)
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    tops = {str(name).partition(".")[0] for name in names}
    assert tops - sys.stdlib_module_names == {"cryptography"}
    assert len(source.splitlines()) <= 60


def test_ok__the_acknowledgement() -> None:
    read = client.read_signed(ACK["received"], "ack", bytes.fromhex(ACK["hq_public_key_hex"]))
    assert read == json.loads(ACK["payload"])
    assert ACK["signed_hex"] == (b"sitegate/v1/sign/ack\0" + ACK["payload"].encode()).hex()
    assert len(bytes.fromhex(ACK["signature_hex"])) == 64


@pytest.mark.parametrize(("old", "new", "purpose"), [("", "", "command"), ('"payload":"e', '"payload":"f', "ack")])
def test_fail__another_purpose_or_payload(old: str, new: str, purpose: str) -> None:
    with pytest.raises(InvalidSignature):
        client.read_signed(ACK["received"].replace(old, new), purpose, bytes.fromhex(ACK["hq_public_key_hex"]))


def test_ok__the_chain() -> None:
    assert client.chain_hash("0" * 64, CHAIN["body_1"]) == CHAIN["hash_1"]
    assert client.chain_hash(CHAIN["hash_1"], CHAIN["body_2"]) == CHAIN["hash_2"]
    assert [json.loads(CHAIN[name])["seq"] for name in ("body_1", "body_2")] == [1, 2]


def test_fail__a_changed_event() -> None:
    assert client.chain_hash("0" * 64, CHAIN["body_1"].replace("granted", "unknown")) != CHAIN["hash_1"]


def test_ok__the_part_of_a_list() -> None:
    keys = (bytes.fromhex(PART[name]) for name in ("hq_public_key_hex", "site_private_key_hex"))
    received = bytes.fromhex(PART["received_hex"])
    header, content, vectors = client.open_part(received, "roster", *keys)
    assert (header, content) == (json.loads(PART["header"]), json.loads(PART["list"]))
    assert vectors.hex() == PART["vectors_hex"]
    assert received[64:].partition(b"\n")[2].hex() == PART["sealed_hex"]


def test_fail__a_changed_part() -> None:
    keys = [bytes.fromhex(PART[name]) for name in ("hq_public_key_hex", "site_private_key_hex")]
    received = bytearray.fromhex(PART["received_hex"])
    received[-1] ^= 1
    with pytest.raises(InvalidSignature):
        client.open_part(bytes(received), "roster", *keys)


def test_ok__what_a_gate_signed() -> None:
    client.verify_message(STATUS["received"].encode(), "status", bytes.fromhex(STATUS["link_public_key_hex"]))
    head, keys = bytes.fromhex(HEAD["head_hex"]).decode(), bytes.fromhex(HEAD["gate_public_key_hex"])
    assert head.splitlines()[-1] == HEAD["hash"]
    client.verify_head(head, bytes.fromhex(HEAD["signature_hex"]), keys)


def test_fail__what_a_gate_did_not_sign() -> None:
    key = bytes.fromhex(STATUS["link_public_key_hex"])
    with pytest.raises(InvalidSignature):
        client.verify_message(STATUS["received"].replace("true", "false", 1).encode(), "status", key)
    with pytest.raises(InvalidSignature):
        head = bytes.fromhex(HEAD["head_hex"]).decode().replace("site-1", "site-2")
        client.verify_head(head, bytes.fromhex(HEAD["signature_hex"]), bytes.fromhex(HEAD["gate_public_key_hex"]))


def test_ok__the_proof_of_a_registration_by_the_page_alone() -> None:
    told = json.loads(REGISTRATION["received"])
    salt = f"sitegate/v1/register\n{told['site_id']}\n{told['gate_id']}".encode()
    code = REGISTRATION["code"].replace("-", "").encode()
    key = hashlib.scrypt(code, salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=32)
    assert key.hex() == REGISTRATION["key_hex"]
    said = REGISTRATION["received"].rpartition(',"proof":"')[0].encode()
    assert hmac.new(key, said, hashlib.sha256).hexdigest() == told["proof"]
