"""Makes the worked examples of docs/MESSAGES.md from the samples, with real keys and real bytes."""

import base64
import json
from collections.abc import Iterator

from contract.codec import decode
from contract.identity import code_key, head
from contract.messages import EventBatch
from contract.samples import CODE, GATE, LINK, SEALING, SIGNING, file


def examples() -> Iterator[str]:
    """Yield Markdown, line by line. Each block has `name: value` lines; `…_hex` values are bytes."""
    yield "## Examples"
    yield ""
    yield "Of the samples in `contract/golden/`. The keys are no secrets: 32 bytes counting from 0, and from 32."
    yield from _signed_ack()
    yield from _chain()
    yield from _sealed_part()
    yield from _signed_status()
    yield from _signed_head()
    yield from _registration()


def _signed_ack() -> Iterator[str]:
    sample = json.loads(file("signed_envelope").read_bytes())
    received = json.dumps(sample["envelope"], separators=(",", ":"))
    payload = base64.urlsafe_b64decode(sample["envelope"]["payload"])
    yield from _block(
        "A signed acknowledgement",
        "`signed_hex` is the purpose's context, a zero byte and the payload; the Ed25519 signature is over exactly these.",
        hq_public_key_hex=SIGNING.public_key().public_bytes_raw().hex(),
        received=received,
        payload=payload.decode(),
        signed_hex=(b"sitegate/v1/sign/ack\0" + payload).hex(),
        signature_hex=base64.urlsafe_b64decode(sample["envelope"]["signature"]).hex(),
    )


def _chain() -> Iterator[str]:
    batch = decode(EventBatch, file("event_batch").read_bytes())
    first, second = batch.records[:2]
    yield from _block(
        "Two chained events",
        "Each hash is SHA-256 over the 32 bytes of the hash before (zeros before the first) and the UTF-8 bytes of `body`, as it "
        "came out of the record's JSON string.",
        body_1=first.body,
        hash_1=first.hash,
        body_2=second.body,
        hash_2=second.hash,
    )


def _sealed_part() -> Iterator[str]:
    sample = json.loads(file("list_part").read_bytes())
    body = base64.urlsafe_b64decode(sample["body"])
    header, _, sealed = body[64:].partition(b"\n")
    yield from _block(
        "A sealed part of a list",
        "`received_hex` is the whole MQTT payload. Its first 64 bytes sign `sitegate/v1/sign/roster part`, a zero byte and all the "
        "rest. `sealed_hex` is the X25519 public key of this seal (32 bytes) and the ciphertext with its tag; HPKE's info is "
        "`sitegate/v1/seal/roster part`, the associated data is empty. Inside: the list, a newline, and the vectors.",
        hq_public_key_hex=SIGNING.public_key().public_bytes_raw().hex(),
        site_private_key_hex=SEALING.private_bytes_raw().hex(),
        received_hex=body.hex(),
        header=header.decode(),
        sealed_hex=sealed.hex(),
        list=file("roster_snapshot").read_text(encoding="utf-8"),
        vectors_hex=base64.urlsafe_b64decode(sample["vectors"]).hex(),
    )


def _signed_status() -> Iterator[str]:
    received = file("gate_status").read_text(encoding="utf-8")
    signed = received.rpartition(',"signature":"')[0].encode()
    yield from _block(
        "A status that a gate signed",
        "`signed_hex` is the purpose's context, a zero byte and all that stands before the last comma.",
        link_public_key_hex=LINK.public_key().public_bytes_raw().hex(),
        received=received,
        signed_hex=(b"sitegate/v1/sign/status\0" + signed).hex(),
    )


def _signed_head() -> Iterator[str]:
    batch = decode(EventBatch, file("event_batch").read_bytes())
    last = batch.records[-1]
    assert last.signature is not None
    signed = head(batch.site_id, batch.gate_id, batch.epoch, last.seq, last.hash)
    yield from _block(
        "The signature under the last event of a batch",
        "`head_hex` is the text that is signed: site, gate, epoch, number and hash, a newline between them.",
        gate_public_key_hex=GATE.public_key().public_bytes_raw().hex(),
        hash=last.hash,
        head_hex=signed.hex(),
        signature_hex=last.signature.hex(),
    )


def _registration() -> Iterator[str]:
    received = file("registration").read_text(encoding="utf-8")
    told = json.loads(received)
    yield from _block(
        "A registration",
        "`key_hex` is scrypt of the code without dashes; `proof` its HMAC over all that stands before the last comma.",
        code=CODE,
        key_hex=code_key(CODE, told["site_id"], told["gate_id"]).hex(),
        received=received,
    )


def _block(title: str, text: str, **lines: str) -> Iterator[str]:
    yield from ("", f"### {title}", "", text, "", "```text")
    yield from (f"{name}: {value}" for name, value in lines.items())
    yield "```"
