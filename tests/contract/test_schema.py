"""The exported schemas are those of the code; samples of all versions fit the schemas of all versions that know
them."""

import hashlib
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from contract import samples, schema
from contract.compatible import load
from contract.messages import VERSION
from contract.samples import MESSAGES, file, published

VERSIONS = {path.name.removeprefix("v"): load(path) for path in sorted(schema.FOLDER.iterdir())}
RELEASED = {
    "1.0": "67b8caf5b54ea1a9b82a1a7bfa3a65b73999b5b476b4b977bd6348e6fa4f55a2",
    "1.1": "72fa1f1fc65fa79167aac98d6d51dabcbb79b1f944bc209ef2671766f788e4b7",
}
"""Of the schemas and samples of each version before this one."""
SAMPLES = [(name, version, path) for name, version, path in published() if name in MESSAGES]
PAIRS = [
    (name, of, path, against)
    for name, of, path in SAMPLES
    for against, documents in VERSIONS.items()
    if f"{name}.json" in documents
]


def test_ok__the_schemas_in_the_repository_are_those_of_the_code() -> None:
    """A version that was released is another folder, and stays as it is."""
    made = schema.documents()
    kept = {path.name: path.read_text(encoding="utf-8") for path in (schema.FOLDER / f"v{VERSION}").iterdir()}
    assert kept == made, "run: python -m contract.schema"


def test_ok__every_released_version_is_there() -> None:
    minor = int(VERSION.partition(".")[2])
    assert set(VERSIONS) == {f"1.{number}" for number in range(minor + 1)}
    assert all(documents["index.json"]["version"] == version for version, documents in VERSIONS.items())


@pytest.mark.parametrize(("version", "digest"), RELEASED.items())
def test_ok__what_was_released_stays_as_it_was(version: str, digest: str) -> None:
    files = [*(schema.FOLDER / f"v{version}").iterdir(), *samples.FOLDER.glob(f"*.v{version}.json")]
    found = hashlib.sha256()
    for path in sorted(files):
        found.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    assert found.hexdigest() == digest, f"put the schemas and samples of {version} back, and change those of {VERSION}"


@pytest.mark.parametrize("version", VERSIONS)
def test_ok__each_is_a_json_schema_with_an_id_of_its_own(version: str) -> None:
    documents = VERSIONS[version]
    named = {name: documents[name] for name in documents["index.json"]["schemas"].values()}
    assert set(documents) - set(named) <= {"index.json", "asyncapi.json"}
    assert {one["$id"] for one in named.values()} == {
        f"urn:sitegate:contract:{version}:{name.removesuffix('.json')}" for name in named
    }
    for one in named.values():
        Draft202012Validator.check_schema(one)


@pytest.mark.parametrize(
    ("name", "of", "path", "against"), PAIRS, ids=[f"{path.name} by {against}" for _, _, path, against in PAIRS]
)
def test_ok__a_sample_of_one_version_fits_the_schema_of_another(name: str, of: str, path: Path, against: str) -> None:
    """Old readers, new messages; new readers, old messages."""
    Draft202012Validator(VERSIONS[against][f"{name}.json"]).validate(json.loads(path.read_bytes()))


def test_ok__an_event_of_any_type_is_found_by_the_schema_of_all() -> None:
    documents = VERSIONS[VERSION]
    named = documents["index.json"]["schemas"].values()
    registry = Registry().with_resources(
        [(documents[name]["$id"], Resource.from_contents(documents[name])) for name in named]
    )
    validator = Draft202012Validator(documents["event.json"], registry=registry)
    for kind in schema.EVENTS:
        validator.validate(json.loads(file(schema.name_of(kind)).read_bytes()))
    with pytest.raises(ValidationError):
        validator.validate({"type": "invented"})


def test_fail__what_the_code_refuses_the_schema_refuses() -> None:
    access = json.loads(file("access_event").read_bytes())
    validator = Draft202012Validator(VERSIONS[VERSION]["access_event.json"])
    for field, wrong in (("reason", "because"), ("seq", 0), ("gate_id", "../x"), ("score", 1.5), ("version", "2.0")):
        with pytest.raises(ValidationError):
            validator.validate({**access, field: wrong})


def test_ok__the_text_of_the_models_is_in_the_schemas() -> None:
    policy = VERSIONS[VERSION]["policy_snapshot.json"]
    assert "IANA name" in policy["properties"]["time_zone"]["description"]
    assert "hold: Please see the desk" in policy["$defs"]["RiskAction"]["description"]
    sealed = VERSIONS[VERSION]["enrolment_event.json"]["properties"]["sealed_record"]
    assert (sealed["contentEncoding"], "RFC 4648" in sealed["description"]) == ("base64url", True)


def test_ok__asyncapi_names_every_channel_and_files_that_are_there() -> None:
    documents = VERSIONS[VERSION]
    asyncapi, index = documents["asyncapi.json"], documents["index.json"]
    assert {c["channel"]: c["topic"] for c in index["channels"]} == {
        name: channel["address"] for name, channel in asyncapi["channels"].items()
    }
    assert asyncapi["operations"].keys() == asyncapi["channels"].keys()
    messages = [message for channel in asyncapi["channels"].values() for message in channel["messages"].values()]
    assert {m["payload"]["$ref"].removeprefix("./") for m in messages if "payload" in m} <= documents.keys()
    for name, operation in asyncapi["operations"].items():
        assert operation["channel"]["$ref"] == f"#/channels/{name}"


def test_ok__the_documents_are_written_into_any_folder(tmp_path: Path) -> None:
    written = schema.write(tmp_path / "new" / "folder")
    assert {path.name: path.read_text(encoding="utf-8") for path in written} == schema.documents()
