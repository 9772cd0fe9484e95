"""A key file that systemd hands to one process instead of the disk."""

from pathlib import Path

import pytest

from contract.signing import BadKey
from edge.core.config import parse
from edge.system.key_files import credential


def test_ok__a_path_is_itself_and_a_credential_lies_where_systemd_put_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/sitegate-gate.service")
    assert credential(Path("/etc/sitegate/keys/site.key.pem")) == Path("/etc/sitegate/keys/site.key.pem")
    told = parse({"keys": {"site_private_path": "credential:site.key"}}).keys.site_private_path
    assert credential(told) == Path("/run/credentials/sitegate-gate.service/site.key")


def test_fail__without_the_credential_it_says_how_to_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(BadKey, match=r"LoadCredential=site\.key:FILE.*systemd-run"):
        credential(Path("credential:site.key"))
