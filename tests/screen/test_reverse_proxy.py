"""PROMISE: deploy/nginx-gate.conf shows the pages by a public name and under a sub-path; on the real nginx."""

import asyncio
import getpass
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from screen_account import MemoryDesk, signed_in
from starlette.routing import Route

from edge.core.config import Config, ConfigError, ScreenConfig, parse
from edge.replica.summary import ReplicaSummary
from edge.screen.access.passwords import hash_password
from edge.screen.access.public_name import PublicName, UnknownProxyUser
from edge.screen.app import ScreenSources, create_app
from edge.screen.server import ScreenServer
from edge.storage.desk_store import DeskStore
from edge.storage.journal import JournalReader

SNIPPET = Path(__file__).parents[2] / "deploy" / "nginx-gate.conf"
PROXY_USER = "www-data" if os.geteuid() == 0 else getpass.getuser()
PASSWORD = "correct horse battery"
NAME = "gate.example"


class Proxied:
    """A screen and the snippet before it. `sub_path`: as in the public address; `taken_off`: nginx removes it."""

    def __init__(self, folder: Path, parts: ExitStack, sub_path: str = "", *, taken_off: bool = False) -> None:
        folder.mkdir()
        self.port, self.base = free_port(), sub_path
        self.desk = DeskStore(folder / "desk.db")
        for name in ("anna", "bo"):
            self.desk.set_password(name, hash_password(PASSWORD), by="test")
        screen = ScreenConfig(port=0, public_url=f"https://{NAME}{sub_path}", proxy_user=PROXY_USER)
        app = create_app(
            ScreenSources(JournalReader(folder / "journal.db"), ReplicaSummary, desk=self.desk), Config(screen=screen)
        )
        self.server = ScreenServer(app, screen)
        thread = self.server.start()
        parts.callback(thread.join, 10)
        parts.callback(self.server.stop)
        self.conf = folder / "gate.conf"
        self.conf.write_text(self._snippet(folder, taken_off))

    def _snippet(self, folder: Path, taken_off: bool) -> str:
        certificate, key = self_signed(folder)
        text = SNIPPET.read_text(encoding="utf-8")
        slash = "/" if taken_off else ""
        for old, new in (
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("proxy_pass http://127.0.0.1:8080;", f"proxy_pass {self.server.url}{slash};"),
            ("/etc/ssl/certs/gate.example.pem", str(certificate)),
            ("/etc/ssl/private/gate.example.key", str(key)),
            ("location / {", f"location {self.base}/ {{"),
        ):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text

    def browser(self, address: str = "127.0.0.2", host: str = NAME) -> httpx.Client:
        """A browser on another machine: nginx sees this address."""
        transport = httpx.HTTPTransport(verify=False, local_address=address)
        return httpx.Client(transport=transport, base_url=f"https://127.0.0.1:{self.port}", headers={"Host": host})

    def sign_in(self, browser: httpx.Client, password: str = PASSWORD, name: str = "anna") -> httpx.Response:
        return browser.post(f"{self.base}/sign-in", data={"name": name, "password": password})


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return not tried.connect_ex(("127.0.0.1", port))


def self_signed(folder: Path) -> tuple[Path, Path]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    form = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "c.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(form))
    (folder / "k.pem").write_bytes(key.private_bytes(form, *plain))
    return folder / "c.pem", folder / "k.pem"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Proxied]]:
    """Three gates behind one nginx."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert nginx, "apt install nginx-light"
    folder = tmp_path_factory.mktemp("proxy")
    with ExitStack() as parts, pytest.MonkeyPatch.context() as patched:
        patched.setattr("edge.screen.access.passwords._N", 2**4)  # passwords are not what is tried here
        made = {
            "root": Proxied(folder / "root", parts),
            "passed on": Proxied(folder / "on", parts, "/north-gate"),
            "taken off": Proxied(folder / "off", parts, "/north/gate", taken_off=True),
        }
        paths = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        includes = "".join(f"include {site.conf};" for site in made.values())
        user = f"user {PROXY_USER};" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user}worker_processes 1;daemon off;pid {folder}/pid;events {{}}http {{access_log off;{paths}{includes}}}"
        )
        command = [nginx, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
        running = subprocess.Popen(command)
        parts.callback(running.wait, 10)
        parts.callback(running.terminate)
        until = time.monotonic() + 20
        while not all(listens(site.port) for site in made.values()):
            assert running.poll() is None and time.monotonic() < until, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield made
        for site in made.values():
            site.desk.close()


@pytest.mark.parametrize("which", ["root", "passed on", "taken off"])
def test_ok__pages_forms_and_events_work_by_the_public_name(sites: dict[str, Proxied], which: str) -> None:
    site = sites[which]
    with site.browser() as browser:
        first = browser.get(f"{site.base}/")
        assert "sign-in" in first.text
        links = set(re.findall(r'(?:href|src|action|hx-get)="([^"?]+)"', first.text))
        assert links and all(link.startswith(f"{site.base}/") for link in links if link.startswith("/"))
        assert all(browser.get(link).status_code == 200 for link in links if "/static/" in link)
        signed = site.sign_in(browser)
        assert signed.status_code == 303 and signed.headers["location"] == f"{site.base}/guard"
        assert f"path={site.base}/;" in signed.headers["set-cookie"].lower()
        page = browser.get(signed.headers["location"])
        assert page.status_code == 200 and "anna" in page.text and f'href="{site.base}/muster"' in page.text
        with browser.stream("GET", f"{site.base}/events") as events:
            assert next(line for line in events.iter_lines() if line.startswith("event")) == "event: changed"
        assert browser.get(f"{site.base}/lane").status_code == 200
        assert browser.get("/lane").status_code == (200 if which == "root" else 404), "nginx shows the sub-path alone"
        found = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert found
        ended = browser.post(f"{site.base}/sign-out", data={"form_token": found[1]})
        assert ended.headers["location"] == f"{site.base}/sign-in"


def test_ok__on_this_machine_the_pages_keep_their_own_address(sites: dict[str, Proxied]) -> None:
    site = sites["passed on"]
    with httpx.Client(base_url=site.server.url) as here:
        assert here.get("/lane").status_code == here.get("/north-gate/lane").status_code == 200
        assert here.get("/north-gatehouse").status_code == 404


def test_fail__other_names_and_a_way_that_is_not_private_are_refused(sites: dict[str, Proxied]) -> None:
    site = sites["root"]
    with site.browser(host="evil.example") as other:
        assert other.get("/lane").status_code == 421
    with httpx.Client(base_url=site.server.url, headers={"Host": NAME}) as direct:
        for proto in ({}, {"X-Forwarded-Proto": "http"}):
            answer = direct.post("/sign-in", data={"name": "anna", "password": PASSWORD}, headers=proto)
            assert (answer.status_code, "set-cookie" in answer.headers) == (403, False), proto
    with site.browser() as browser:
        for origin, status in (("https://evil.example", 403), (f"https://{NAME}", 303)):
            form = {"name": "anna", "password": PASSWORD}
            assert browser.post("/sign-in", data=form, headers={"Origin": origin}).status_code == status


def test_fail__a_storm_behind_the_proxy_locks_nobody_else_out(sites: dict[str, Proxied]) -> None:
    site = sites["root"]
    with site.browser("127.0.0.3") as storm, site.browser("127.0.0.4") as guard:
        for number in range(7):
            forged = {"X-Forwarded-For": f"198.51.100.{number}"}
            answer = storm.post("/sign-in", data={"name": "bo", "password": f"guess {number}"}, headers=forged)
        assert answer.status_code == 429, "a header of its own gives no new tries"
        assert site.sign_in(guard, name="bo").status_code == 303
    trail = [detail for _, who, what, detail in site.desk.audit_trail(100) if (who, what) == ("bo", "sign-in refused")]
    assert set(trail) == {"from 127.0.0.3"}


def test_fail__settings_that_cannot_be_meant(tmp_path: Path) -> None:
    for url in (
        "http://gate.example",
        "gate.example",
        "https://gate.example/?x",
        "https://u:p@gate.example",
        "https://",
    ):
        with pytest.raises(ConfigError):
            parse({"screen": {"public_url": url}, "liveness": {"mode": "off"}})
    app = create_app(ScreenSources(JournalReader(tmp_path / "journal.db"), ReplicaSummary), Config())
    with pytest.raises(UnknownProxyUser, match="proxy_user"):
        ScreenServer(app, ScreenConfig(port=0, proxy_user="nobody-here"))
    assert PublicName.of("https://Gate.Example:8443/north/") == PublicName("gate.example:8443", "/north")
    assert PublicName.of("").is_named("") is False


def test_ok__every_link_of_every_page_begins_with_the_sub_path(tmp_path: Path) -> None:
    screen = ScreenConfig(public_url="https://gate.example/north")
    app = create_app(
        ScreenSources(JournalReader(tmp_path / "journal.db"), ReplicaSummary, desk=MemoryDesk()), Config(screen=screen)
    )
    wrong: list[tuple[str, str]] = []

    async def steps() -> int:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as browser:
            signed_in(browser, app)
            paths = [
                r.path for r in app.routes if isinstance(r, Route) and "GET" in (r.methods or ()) and "{" not in r.path
            ]
            for path in set(paths) - {"/events", "/lane/events", "/lane/sign"}:  # these never end, or wait
                page = await browser.get(f"/north{path}")
                links = re.findall(r'(?:href|src|action|hx-get|hx-post|data-[a-z-]+)="(/[^"]*)"', page.text)
                links += [page.headers["location"]] if "location" in page.headers else []
                wrong.extend((path, link) for link in links if not f"{link}/".startswith("/north/"))
            return len(paths)

    assert asyncio.run(steps()) > 8
    assert wrong == []
