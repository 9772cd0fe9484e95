"""The page for other makers is enough: a client written from it alone checks its examples, and finds what is changed."""

import ast
import json
import sys
from pathlib import Path

import example_client as client
import pytest
from cryptography.exceptions import InvalidSignature

PAGE = Path(__file__).parents[2] / "docs" / "MESSAGES.md"
EXAMPLES = client.examples(PAGE.read_text(encoding="utf-8"))
ACK, CHAIN, PART = (EXAMPLES[name] for name in EXAMPLES)


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
