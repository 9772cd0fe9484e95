"""What people see: the indicator in the lane, and the live state for the screen."""

import structlog

from contract.messages import Advice, DiskStep, NoticeCode
from edge.core.config import Config
from edge.core.decision import tiers
from edge.core.disk_policy import at_least
from edge.core.domain import Frame, LiveState, Tone
from edge.core.fill_light import FillLight
from edge.core.passage import PassageState
from edge.core.ports import JournalError
from edge.loop.adapters import Ports
from edge.loop.disk_watch import Storage
from edge.loop.journal_writer import Book
from edge.loop.passage_control import Turnstile
from edge.system.host import memory_mb

log = structlog.get_logger()

LIVE_EVERY_S = 1.0
SHOW_AT_LEAST_S = 1.5
GREY_STEP = 16
"""Every 16th pixel of every 16th row says how bright a picture is."""


class Board:
    def __init__(self, config: Config, ports: Ports, book: Book, turnstile: Turnstile, storage: Storage) -> None:
        self._config, self._p, self._book, self._turnstile = config, ports, book, turnstile
        self._started_s = ports.clock.monotonic()
        self._storage = storage
        self._shown: tuple[Tone, Advice | None] = (Tone.IDLE, None)
        self._shown_until = 0.0
        self._camera_ok: bool | None = None
        self._opening_until = ports.clock.monotonic() + config.camera.hang_timeout_ms / 1000
        self._written: tuple[Tone, Advice | None, PassageState, bool | None] | None = None
        self._live_due = 0.0
        self._light = FillLight()

    def show(self, tone: Tone, advice: Advice | None) -> None:
        if tone in (Tone.GO, Tone.DESK, Tone.STOP):
            self._shown_until = self._p.clock.monotonic() + SHOW_AT_LEAST_S
        if (tone, advice) == self._shown:
            return
        self._shown = (tone, advice)
        self._p.indicator.show(tone, advice)
        self.keep_up()

    def show_release(self, released: bool) -> None:
        """Somebody was admitted; `released`: the gate was still free when the decision was on disk."""
        if released or self._turnstile.fire:
            self.show(Tone.GO, Advice.WALK_THROUGH)
        else:
            self.show(Tone.ADJUST, Advice.WAIT)

    def rest(self, tone: Tone = Tone.IDLE, advice: Advice | None = None) -> None:
        """Nobody is in the lane: idle, or "please see the desk" in a lock-down, once the last answer has been shown long
        enough to be read."""
        if self._p.clock.monotonic() < self._shown_until:
            return
        if tone is Tone.IDLE and self._turnstile.locked_down:
            tone, advice = Tone.DESK, Advice.SEE_DESK
        self.show(tone, advice)

    def light(self, frame: Frame, somebody: bool) -> None:
        """Switch the fill light by how bright this frame is."""
        grey = float(frame.image[::GREY_STEP, ::GREY_STEP].mean())
        self._light = self._light.step(grey, somebody, self._p.clock.monotonic())
        self._p.indicator.fill_light(self._light.on)

    def watch_camera(self) -> bool:
        """Record a camera that was lost or came back; False while it is lost."""
        status = self._p.camera.status()
        if self._camera_ok is None and not status.ok and self._p.clock.monotonic() < self._opening_until:
            return True  # still opening for the first time: neither lost nor back
        if self._camera_ok is None and status.ok:
            self._camera_ok = True
        elif status.ok != self._camera_ok:
            self._camera_ok = status.ok
            self._book.notice(NoticeCode.CAMERA_BACK if status.ok else NoticeCode.CAMERA_LOST, status.detail)
        return self._camera_ok is not False

    def keep_up(self) -> None:
        """Write the live state if anything in it changed, and now and then all the same, as a sign of life."""
        present = (*self._shown, self._turnstile.state, self._camera_ok)
        now = self._p.clock.monotonic()
        if present == self._written and now < self._live_due:
            return
        self._written, self._live_due = present, now + LIVE_EVERY_S
        try:
            self._p.journal.set_live(self._live())
        except JournalError as error:  # the screen shows by its age that it is old; the gate itself goes on
            log.warning("live_state_failed", error=str(error))

    def _live(self) -> LiveState:
        camera, now = self._p.camera.status(), self._p.clock.utc()
        disk, water = self._storage.state, self._p.high_water
        highest = water.highest() if water is not None else {}
        roster_tier, risk_tier = tiers(self._p.roster.state, self._config.site.site_id, now)
        return LiveState(
            utc=now,
            direction=self._config.site.direction,
            gate_state=self._turnstile.state,
            tone=self._shown[0],
            advice=self._shown[1],
            camera_ok=camera.ok,
            camera_detail=camera.detail,
            frames_per_s=round(camera.frames_per_s, 1),
            gallery_size=self._p.matcher.gallery_size,
            threshold=self._p.matcher.threshold,
            recognition=None if disk and at_least(disk.step, DiskStep.VERY_LOW) else self._p.matcher.recognition,
            clock_trusted=self._p.clock.trusted(),
            model_id=self._p.matcher.model_id,
            uptime_s=round(self._p.clock.monotonic() - self._started_s, 1),
            memory_mb=round(memory_mb(), 1),
            passages=self._turnstile.passed,
            roster_tier=roster_tier,
            risk_tier=risk_tier,
            trusts=self._p.roster.state.trusts,
            opens=self._p.roster.state.opens,
            roster_base=self._p.roster.state.roster_base,
            disk=disk,
            lists_refused={kind: highest[kind] for kind in sorted(self._p.roster.state.withheld) if kind in highest},
            lists_older=tuple(kind for kind in highest if water is not None and water.takes_older(kind)),
            clock_behind=self._p.bounds is not None and bool(self._p.bounds.behind()),
            liveness=self._config.liveness.in_force,
        )
