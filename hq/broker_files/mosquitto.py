"""All files for one mosquitto: what its machine, HQ and each gate need, each in a folder of its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath

from hq.broker_files.access_list import HQ_USER, BrokerFilesRefused, access_list, gate_user
from hq.broker_files.certificates import Pair, issue, new_authority
from hq.broker_files.new_files import NewFiles
from hq.broker_files.passwords import new_password, password_file

_CONF = """\
# mosquitto 2 for sitegate, made by sitegate-hq broker-config.
# Debian: copy it to /etc/mosquitto/conf.d/sitegate.conf. Elsewhere it is a whole configuration.
listener {port}
certfile {folder}/broker.crt.pem
keyfile {folder}/broker.key.pem
tls_version tlsv1.2
allow_anonymous false
acl_file {folder}/acl
{identity}
# With persistence, replaced lists leave the file within a minute.
autosave_interval 60
"""
_BY_PASSWORD = "password_file {folder}/passwords"
_BY_CERTIFICATE = "cafile {folder}/ca.pem\nrequire_certificate true\nuse_identity_as_username true"
_SYNC = """\
# Replace these keys of [sync] in /etc/sitegate/sitegate.toml of {gate}.
[sync]
broker_host = "{host}"
broker_port = {port}
tls = true
ca_path = "/etc/sitegate/keys/broker-ca.pem"
{identity}
"""
_BROKER = """\
# Replace [broker] in hq.toml by this, and put the files of this folder beside it.
[broker]
host = "{host}"
port = {port}
tls = true
ca_path = "broker-ca.pem"
{identity}
"""
_README = """\
Files for the broker of sitegate. Anybody who has them speaks for gates and HQ: move them as you move keys.

1. Broker: copy broker/ to its machine as {folder}
     sudo chown -R root:mosquitto {folder}
     sudo chmod -R u=rwX,g=rX,o= {folder}
     sudo cp {folder}/mosquitto.conf /etc/mosquitto/conf.d/sitegate.conf
     sudo systemctl restart mosquitto          (after a change of acl or passwords: reload)
2. HQ: copy hq/ beside hq.toml, put hq/broker.toml into hq.toml, then: sitegate-hq check
3. Each gate: copy gates/GATE/ to /etc/sitegate/keys, put its sync.toml into sitegate.toml, then: sudo sitegate check
4. Keep ca/ offline: its key makes new certificates.
5. Remove hq/ and gates/ here once they are copied. A later call needs them for passwords: keep them with ca/ then.

A later call adds what is missing and overwrites nothing. What changed lies beside the old file as NAME.new.
"""


@dataclass(frozen=True, slots=True)
class BrokerPlan:
    """`hosts`: names and addresses of the broker, the first one for the configurations. `gates`: (site, gate).

    `installed`: the folder at the broker's machine. `by_certificate`: clients show certificates instead of passwords.
    """

    hosts: tuple[str, ...]
    port: int
    gates: Sequence[tuple[str, str]]
    installed: PurePosixPath
    by_certificate: bool
    days: int


def write(plan: BrokerPlan, folder: Path, now: datetime) -> NewFiles:
    """Write all files that are missing. Raises BrokerFilesRefused, OSError."""
    files = NewFiles(folder)
    rights = access_list(plan.gates)  # before anything is written
    authority = _pair(files, "broker/ca.pem", "ca/ca.key.pem", lambda: new_authority("sitegate broker", now))
    _pair(
        files,
        "broker/broker.crt.pem",
        "broker/broker.key.pem",
        lambda: issue(authority, plan.hosts[0], now, plan.days, plan.hosts),
    )
    values = {"port": plan.port, "folder": plan.installed}
    identity = (_BY_CERTIFICATE if plan.by_certificate else _BY_PASSWORD).format(**values)
    files.put("broker/mosquitto.conf", _CONF.format(**values, identity=identity).encode())
    files.put("broker/acl", rights.encode())
    passwords = {}
    for user, place, text in _clients(plan):
        files.put(f"{place}/broker-ca.pem", authority.certificate)
        files.put(f"{place}/{'broker' if user == HQ_USER else 'sync'}.toml", text.encode())
        if plan.by_certificate:
            made = partial(issue, authority, user, now, plan.days)
            _pair(files, f"{place}/broker.crt.pem", f"{place}/broker.key.pem", made)
        else:
            passwords[user] = _password(files, f"{place}/broker.password")
    if not plan.by_certificate:
        before = (files.read("broker/passwords") or b"").decode()
        files.put("broker/passwords", password_file(passwords, before).encode())
    files.put("README.txt", _README.format(folder=plan.installed).encode())
    return files


def _clients(plan: BrokerPlan) -> Iterator[tuple[str, str, str]]:
    """Yield user, folder and configuration of HQ and of each gate."""
    values = {"host": plan.hosts[0], "port": plan.port}
    yield HQ_USER, "hq", _BROKER.format(**values, identity=_identity(plan, HQ_USER, ""))
    for _, gate_id in plan.gates:
        identity = _identity(plan, gate_user(gate_id), "/etc/sitegate/keys/")
        yield gate_user(gate_id), f"gates/{gate_id}", _SYNC.format(**values, gate=gate_id, identity=identity)


def _identity(plan: BrokerPlan, user: str, folder: str) -> str:
    if plan.by_certificate:
        return f'client_cert_path = "{folder}broker.crt.pem"\nclient_key_path = "{folder}broker.key.pem"'
    return f'username = "{user}"\npassword_path = "{folder}broker.password"'


def _password(files: NewFiles, name: str) -> str:
    """Return the password in a file; make one if there is none."""
    held = files.read(name)
    if held is not None:
        return held.decode().strip()
    made = new_password()
    files.put(name, f"{made}\n".encode())
    return made


def _pair(files: NewFiles, certificate: str, key: str, make: Callable[[], Pair]) -> Pair:
    """Return the pair in two files; make it if there is neither. Raises BrokerFilesRefused."""
    held = files.read(certificate), files.read(key)
    if held[0] is not None and held[1] is not None:
        return Pair(held[0], held[1])
    if held[0] is not None or held[1] is not None:
        there, missing = (certificate, key) if held[1] is None else (key, certificate)
        raise BrokerFilesRefused(f"{files.folder / there} is there and {missing} is not: put it back, or remove both")
    made = make()
    files.put(certificate, made.certificate)
    files.put(key, made.key)
    return made
