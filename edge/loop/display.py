"""Drive the indicator in the lane, and write the live state for the screen."""

import structlog

from contract.messages import Advice, DiskStep, NoticeCode
from edge.core.config import Config
from edge.core.decision import tiers
from edge.core.disk_policy import at_least
from edge.core.domain import Frame, LiveState, Tone
from edge.core.fill_light import FillLight
from edge.core.ports import JournalError
from edge.loop.adapters import Adapters
from edge.loop.disk_watch import DiskWatch
from edge.loop.journal_writer import JournalWriter
from edge.loop.passage_control import PassageControl
from edge.system.host import memory_mb

log = structlog.get_logger()

LIVE_EVERY_S = 1.0
SHOW_AT_LEAST_S = 1.5
PREVIEW_STAYS_S = 0.5
"""A face may be missed in a few frames."""
GREY_STEP = 16
"""Every 16th pixel of every 16th row is enough to measure a picture's brightness."""


class Display:
    def __init__(
        self,
        config: Config,
        adapters: Adapters,
        writer: JournalWriter,
        passage_control: PassageControl,
        disk_watch: DiskWatch,
    ) -> None:
        self._config, self._adapters, self._writer, self._passage_control = config, adapters, writer, passage_control
        self._started_s = adapters.clock.monotonic()
        self._disk_watch = disk_watch
        self._shown: tuple[Tone, Advice | None] = (Tone.IDLE, None)
        self._greets: str | None = None
        self._shown_until = 0.0
        self._camera_ok: bool | None = None
        self._opening_until = adapters.clock.monotonic() + config.camera.hang_timeout_ms / 1000
        self._written: tuple[object, ...] | None = None
        self._live_due = 0.0
        self._light = FillLight()
        self._approached_s = float("-inf")

    def show(self, tone: Tone, advice: Advice | None, greets: str | None = None) -> None:
        """Show tone and advice. `greets`: the worker just admitted, if the policy lets the lane show a short name."""
        if tone in (Tone.GO, Tone.DESK, Tone.STOP):
            self._shown_until = self._adapters.clock.monotonic() + SHOW_AT_LEAST_S
        self._greets = greets if tone is Tone.GO else None
        if (tone, advice) == self._shown:
            return
        self._shown = (tone, advice)
        self._adapters.indicator.show(tone, advice)
        self.write_live_state()

    def show_release(self, released: bool) -> None:
        """Show the result of an admission. `released`: the gate was still free when the decision was on disk."""
        if released or self._passage_control.fire:
            self.show(Tone.GO, Advice.WALK_THROUGH)
        else:
            self.show(Tone.ADJUST, Advice.WAIT)

    def show_idle(self, tone: Tone = Tone.IDLE, advice: Advice | None = None) -> None:
        """Show an empty lane: idle, or "please see the desk" in a lock-down. The last answer stays long enough to
        read it."""
        if self._adapters.clock.monotonic() < self._shown_until:
            return
        if tone is Tone.IDLE and self._passage_control.locked_down:
            tone, advice = Tone.DESK, Advice.SEE_DESK
        self.show(tone, advice)

    def adjust_fill_light(self, frame: Frame, somebody: bool) -> None:
        """Switch the fill light by this frame's brightness."""
        grey = float(frame.image[::GREY_STEP, ::GREY_STEP].mean())
        self._light = self._light.step(grey, somebody, self._adapters.clock.monotonic())
        self._adapters.indicator.fill_light(self._light.on)

    def preview(self, frame: Frame | None, somebody: bool) -> None:
        """Show the picture of a person who approaches, until a decision is shown."""
        preview = self._adapters.preview
        if preview is None:
            return
        now = self._adapters.clock.monotonic()
        if somebody:
            self._approached_s = now
        approaches = self._shown[0] in (Tone.IDLE, Tone.ADJUST) and now - self._approached_s <= PREVIEW_STAYS_S
        if frame is not None and approaches:
            preview.show(frame)
        else:
            preview.hide()

    def check_camera(self) -> bool:
        """Record when the camera is lost or back. Return False while it is lost."""
        status = self._adapters.camera.status()
        if not status.ok and self._opening:
            return True  # neither lost nor back
        if self._camera_ok is None and status.ok:
            self._camera_ok = True
        elif status.ok != self._camera_ok:
            self._camera_ok = status.ok
            self._writer.defer_notice(NoticeCode.CAMERA_BACK if status.ok else NoticeCode.CAMERA_LOST, status.detail)
        return self._camera_ok is not False

    def write_live_state(self) -> None:
        """Write the live state if it changed, and regularly as a sign of life."""
        gallery_size = self._adapters.matcher.gallery_size
        shown = *self._shown, self._greets, self._camera_ok, self._opening
        present = (*shown, self._passage_control.state, gallery_size)
        now = self._adapters.clock.monotonic()
        if present == self._written and now < self._live_due:
            return
        self._written, self._live_due = present, now + LIVE_EVERY_S
        try:
            self._adapters.journal.set_live(self._live_state())
        except JournalError as error:  # the screen shows the state's age; the gate continues
            log.warning("live_state_failed", error=str(error))

    @property
    def _opening(self) -> bool:
        """True while the camera is being opened for the first time."""
        return self._camera_ok is None and self._adapters.clock.monotonic() < self._opening_until

    def _live_state(self) -> LiveState:
        camera, now = self._adapters.camera.status(), self._adapters.clock.utc()
        disk, water = self._disk_watch.state, self._adapters.high_water
        highest = water.highest() if water is not None else {}
        roster_tier, risk_tier = tiers(self._adapters.roster.state, self._config.site.site_id, now)
        return LiveState(
            utc=now,
            direction=self._config.site.direction,
            gate_state=self._passage_control.state,
            lock_down=self._passage_control.lock_down_mark,
            tone=self._shown[0],
            advice=self._shown[1],
            camera_ok=camera.ok,
            camera_detail=camera.detail,
            frames_per_s=round(camera.frames_per_s, 1),
            gallery_size=self._adapters.matcher.gallery_size,
            threshold=self._adapters.matcher.threshold,
            recognition=None if disk and at_least(disk.step, DiskStep.VERY_LOW) else self._adapters.matcher.recognition,
            clock_trusted=self._adapters.clock.trusted(),
            model_id=self._adapters.matcher.model_id,
            uptime_s=round(self._adapters.clock.monotonic() - self._started_s, 1),
            memory_mb=round(memory_mb(), 1),
            passages=self._passage_control.passed,
            roster_tier=roster_tier,
            risk_tier=risk_tier,
            trusts=self._adapters.roster.state.trusts,
            opens=self._adapters.roster.state.opens,
            roster_base=self._adapters.roster.state.roster_base,
            disk=disk,
            lists_refused={
                kind: highest[kind] for kind in sorted(self._adapters.roster.state.withheld) if kind in highest
            },
            lists_used=dict(water.list_marks()) if water is not None else {},
            lists_older=tuple(kind for kind in highest if water is not None and water.takes_older(kind)),
            clock_behind=self._adapters.clock_bounds is not None and bool(self._adapters.clock_bounds.behind()),
            liveness=self._config.liveness.in_force,
            camera_opening=not camera.ok and self._opening,
            greets=self._greets,
        )
