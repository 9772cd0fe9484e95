"""A real journal, a real server and a real browser for the screen: used by the tests and by screenshots.py."""

import contextlib
import shutil
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from contract.messages import (
    AccessEvent,
    Advice,
    DataTier,
    Direction,
    ListKind,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    Reason,
)
from edge.app.preview_file import PreviewPicture
from edge.core.config import Config, ScreenConfig, SiteConfig
from edge.core.domain import LiveState, Tone
from edge.core.ports import JournalHeld
from edge.replica.summary import AckSummary, LinkSummary, ListSummary, ReplicaSummary
from edge.screen.access.sessions import Sessions
from edge.screen.app import ScreenSources, create_app
from edge.screen.office.muster import NoNames
from edge.screen.ports import NameDirectory
from edge.screen.server import ScreenServer
from edge.storage.desk_store import DeskStore
from edge.storage.journal import Journal, JournalReader
from edge.storage.journal_history import JournalHistory

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMEDRIVER = ("chromedriver", "chromium.chromedriver")
"""Their names on Debian, Ubuntu's snap, and elsewhere."""
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
]


class StageClock:
    """The wall clock, moved by `shift`."""

    shift = timedelta(0)

    def utc(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def monotonic(self) -> float:
        return self.utc().timestamp()

    def trusted(self) -> bool:
        return True


class Stage:
    """One gate's state directory with a screen on it. The gate's live state beats until `silence`."""

    def __init__(self, folder: Path, language: str = "en", **screen: Any) -> None:
        """`screen`: further values of [screen]."""
        self.folder, self.clock = folder, StageClock()
        site = SiteConfig(site_id="harbour", gate_id="north-gate")
        self.journal = Journal(folder / "journal.db", site, self.clock)
        self.reader = JournalReader(folder / "journal.db")
        self.history = JournalHistory(folder / "journal.db")
        self.desk = DeskStore(folder / "desk.db")
        self.summary = ReplicaSummary()
        self.jpeg: bytes | None = None
        """The picture of who approaches."""
        self.names: NameDirectory = NoNames()
        self.config = Config(site=site, screen=ScreenConfig(port=0, language=language, **screen))
        self._live: dict[str, object] = {"tone": Tone.IDLE, "advice": None}
        self._beating, self._ended = threading.Event(), threading.Event()
        self._heart = threading.Thread(target=self._beat, name="live state", daemon=True)
        self._heart.start()
        self.start_server()
        self.show(Tone.IDLE)

    @property
    def url(self) -> str:
        return self._server.url

    def start_server(self) -> None:
        """Serve, on the same port as before if there was one."""
        app = create_app(
            ScreenSources(
                self.reader,
                lambda: self.summary,
                desk=self.desk,
                preview=self._picture,
                directory=lambda: self.names,
                history=self.history,
            ),
            self.config,
        )
        self.sessions: Sessions = app.state.sessions
        self._server = ScreenServer(app, self.config.screen)
        port = int(self._server.url.rpartition(":")[2])
        self.config = self.config.model_copy(update={"screen": self.config.screen.model_copy(update={"port": port})})
        self._thread = self._server.start()

    def stop_server(self) -> None:
        self._server.stop()
        self._thread.join(timeout=20)
        assert not self._thread.is_alive(), "the screen did not stop"

    def show(self, tone: Tone, advice: Advice | None = None, **live: object) -> None:
        """The gate shows this from now on."""
        self._live = {"tone": tone, "advice": advice, **live}
        self._beating.set()
        self._write()

    def silence(self) -> None:
        """The gate process hangs: its last state stays, and grows old."""
        self._beating.clear()

    def close(self) -> None:
        self._ended.set()
        self._heart.join(timeout=5)
        self.stop_server()
        self.reader.close()
        self.history.close()
        self.journal.close()
        self.desk.close()

    def _picture(self, seen: int) -> PreviewPicture | None:
        number = time.time_ns() // 100_000_000  # ten a second
        return PreviewPicture(number, self.jpeg) if self.jpeg and number != seen else None

    def _beat(self) -> None:
        while not self._ended.wait(0.5):
            if self._beating.is_set():
                with contextlib.suppress(JournalHeld):  # a slow disk still writes an event: the next beat is soon
                    self._write()

    def _write(self) -> None:
        present: dict[str, object] = {
            "utc": datetime.now(UTC),  # not the moved clock: the present is now, in every play
            "direction": Direction.IN,
            "gate_state": "locked",
            "camera_ok": True,
            "frames_per_s": 24.6,
            "gallery_size": 312,
            "threshold": 0.512,
            "clock_trusted": True,
            "roster_tier": DataTier.FRESH,
            "risk_tier": DataTier.STALE,
        }
        self.journal.set_live(LiveState.model_validate(present | self._live))

    def access(self, reason: Reason, advice: Advice, worker_id: str | None = None, detail: str = "") -> AccessEvent:
        """A decision in the journal."""
        return self.journal.append(
            AccessEvent,
            reason=reason,
            granted=reason in (Reason.GRANTED, Reason.REMOTE_OPEN),
            advice=advice,
            direction=Direction.IN,
            worker_id=worker_id,
            roster_tier=DataTier.FRESH,
            risk_tier=DataTier.FRESH,
            detail=detail,
        )

    def passes(self, worker_id: str | None, direction: Direction = Direction.IN) -> None:
        """A passage in the journal."""
        self.journal.append(PassageEvent, outcome=PassageOutcome.PASSED, direction=direction, worker_id=worker_id)

    def play_morning(self) -> None:
        """What a manager would see at half past six."""
        steps = [
            lambda: self.journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED),
            lambda: self.journal.append(NoticeEvent, code=NoticeCode.LIST_APPLIED, detail="roster 41"),
            *(lambda worker=worker: self._comes(worker) for worker in ("w-1042", "w-1043", "w-0877", "w-1101")),
            lambda: self.access(Reason.LOW_QUALITY, Advice.MORE_LIGHT, detail="too_dark"),
            lambda: self._comes("w-0991"),
            lambda: self.access(Reason.UNKNOWN, Advice.SEE_DESK),
            lambda: self.access(Reason.MULTIPLE_FACES, Advice.ONE_BY_ONE, detail="multiple_faces"),
            lambda: self._comes("w-1007"),
            lambda: self._comes("w-1260"),
            lambda: self.access(Reason.TRAINING_LAPSED, Advice.SEE_DESK, "w-0412", "valid until 2026-06-30"),
            lambda: self.access(Reason.RISK_HOLD, Advice.SEE_DESK, "w-0538", "key-screening"),
            lambda: self.passes("w-1043", Direction.OUT),
            lambda: self._comes("w-1188"),
        ]
        for number, step in enumerate(steps):
            self.clock.shift = timedelta(seconds=47 * (number - len(steps)))
            step()
        self.clock.shift = timedelta(0)
        now = self.clock.utc()
        ages = {ListKind.ROSTER: (41, 2), ListKind.RISK: (17, 29), ListKind.POLICY: (3, 200)}
        self.summary = ReplicaSummary(
            lists={kind: ListSummary(v, now - timedelta(hours=h), now) for kind, (v, h) in ages.items()},
            ack=AckSummary(self.journal.epoch, self.reader.head() - 1, now, now - timedelta(seconds=47)),
            link=LinkSummary(True, now - timedelta(minutes=96), "broker", "", True, 1),
        )

    def _comes(self, worker_id: str) -> None:
        event = self.access(Reason.GRANTED, Advice.WALK_THROUGH, worker_id)
        self.journal.append(
            PassageEvent,
            outcome=PassageOutcome.PASSED,
            direction=Direction.IN,
            access_seq=event.seq,
            worker_id=worker_id,
        )


def open_chromium(profile: Path, *more_flags: str) -> webdriver.Chrome:
    """A headless Chromium with a fresh profile, whose console is recorded."""
    browser, driver = (next(filter(None, map(shutil.which, names)), None) for names in (CHROMIUM, CHROMEDRIVER))
    if browser is None or driver is None:
        raise FileNotFoundError("Chromium or its driver is missing: sudo apt-get install chromium chromium-driver")
    options = Options()
    options.binary_location = browser
    for flag in (*FLAGS, *more_flags, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))


def set_size(driver: webdriver.Chrome, width: int, height: int) -> None:
    """The size of the page itself, exactly, also below the smallest window the browser allows."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )
