"""The gate on which a story is played: the real loop, journal, lists and pins, on a manual clock."""

from datetime import datetime, timedelta
from pathlib import Path

from contract.messages import NoticeCode, NoticeEvent
from edge import __version__
from edge.app.journal_startup import learn_time
from edge.app.state_folders import DESK, JOURNAL
from edge.core.domain import AdmitRequest, EnrolmentRequest, LockDownRequest
from edge.core.layout import GATE
from edge.core.ports import Matcher
from edge.devices.readers.qr_codes import QrCodeReader
from edge.loop import Adapters, GateLoop
from edge.sim import ImmediatePinCodeCheck, ManualClock, RecordingIndicator
from edge.sim.staged_recognition import Picture, StagedCamera, StagedMatcher, View
from edge.storage import journal_tables, sqlite_file
from edge.storage.desk import DeskReader, DeskWriter
from edge.storage.high_water import HighWater
from edge.storage.journal import Journal
from edge.storage.presence import JournalPresence
from edge.storage.technician_request import TechnicianRequests
from edge.system.clock import BoundedClock
from edge.tools.stories.film import Studio, picture_at
from edge.tools.stories.held_items import HeldItems
from edge.tools.stories.hq import Headquarters
from edge.tools.stories.line import StoryError
from edge.tools.stories.pins import StoryGate, StoryPins, normally_closed
from edge.tools.stories.played_gate import Breakable, ShownCode, Turns
from edge.tools.stories.story import Story

REBOOT_S = 20.0
"""The time a machine takes to restart."""


class StoryJournal(Journal):
    """The real journal, on a disk that can refuse to write."""

    @property
    def seq(self) -> int:
        """The newest event on disk."""
        return self._seq

    def settle_in(self) -> None:
        """Make the gate one with a past: its memory did not begin with the story."""
        journal_tables.remove_marks(self._file.db)

    def refuse(self, refuses: bool) -> None:
        for db in (self._file.db, self._file.live):
            sqlite_file.refuse_writes(db, refuse=refuses)


class StoryStage:
    """`studio` is needed for stories with real pictures only. `clock`: another than one set by hand alone.

    Raises StoryError, ConfigError.
    """

    def __init__(
        self, story: Story, folder: Path, studio: Studio | None = None, clock: ManualClock | None = None
    ) -> None:
        self._story, self._folder = story, folder
        self.clock = clock or ManualClock(story.starts)
        self.begun_s = self.clock.monotonic()
        self.config = story.gate_config(folder)
        self.pins = StoryPins(self.config.gate, self.clock.monotonic, lambda: self.seq)
        self.indicator = RecordingIndicator(self.clock)
        self._journal: StoryJournal | None = None
        self._refusing = self._restarting = False
        self.contacts: list[tuple[float, str, Turns]] = []
        """What the story did to the inputs, and when."""
        self.ended: list[tuple[float, str]] = []
        """When the gate process ended by itself, and why."""
        self._matcher, picture = self._eyes(studio)
        self.people = HeldItems(story, self.config, self.clock)
        self.camera = StagedCamera(self.clock, self.let_pass, story.rate_hz, picture or self.people.picture)
        self.hq = Headquarters(story, self.config.site, self.clock, folder, studio.templates(story) if studio else {})
        self._desk = DeskWriter(folder / DESK, self.clock.utc)
        for name in normally_closed(self.config.gate):
            self.sensor(name, "on")
        self._start()

    @property
    def inputs(self) -> dict[str, int]:
        """The fitted inputs by name."""
        pins = {key.removesuffix("_pin"): pin for key, pin in self.config.gate if key.endswith("_pin")}
        return {name: pin for name, pin in pins.items() if pin is not None and not name.startswith("relay")}

    @property
    def seq(self) -> int:
        """The newest event on disk."""
        return self._journal.seq if self._journal else 0

    @property
    def released(self) -> bool:
        """Whether the relay is energised."""
        return self._gate.energised

    @property
    def now_s(self) -> float:
        """Seconds since the story began."""
        return self.clock.monotonic() - self.begun_s

    def utc_at(self, seconds: float) -> datetime:
        """The wall clock's time at this moment of the story, by the clock as it runs now."""
        return self.clock.utc() + timedelta(seconds=seconds - self.now_s)

    def turn(self) -> None:
        """Run one turn of the loop. If it raises, the process ends and systemd starts it again."""
        before_s = self.now_s
        try:
            self._loop.step()
        except Exception as error:  # noqa: BLE001 - what systemd does about a process that has ended is done here
            self.ended.append((before_s, f"{type(error).__name__}: {error}"))
            self.restart(orderly=True, off_s=2)
        if self._restarting:
            self._restarting = False
            self.restart(orderly=True, off_s=REBOOT_S)
        if self.now_s == before_s:  # it failed before it came to wait for the camera
            self.let_pass(1 / self._story.rate_hz)

    def let_pass(self, seconds: float) -> None:
        """Let time pass. A pulse that becomes due meanwhile ends at its moment."""
        while seconds > 0:
            due_s = self._gate.end_due_pulse()
            part_s = min(seconds, due_s) if due_s and due_s > 0 else seconds
            self.clock.advance(part_s)
            seconds -= part_s
        self._gate.end_due_pulse()

    def close(self) -> None:
        """End the gate process in the orderly way."""
        self._end(orderly=True)
        self._desk.close()
        self.hq.close()
        self.pins.close()

    # --- what the steps do: `PlayedGate`
    # ---------------------------------------------------------------------------------

    def show(self, view: View) -> None:
        """Raises StoryError in a story with real pictures."""
        self._staged().view = view

    def sensor(self, name: str, turns: Turns, times: int = 1) -> None:
        """Raises StoryError if this gate has no such input."""
        number = self.inputs.get(name)
        if number is None:
            raise StoryError(
                f"this gate has no input {name!r}: set gate.{name}_pin under [config.gate], if there is one"
            )
        pin, closed = self.pins.pin(number), not self.config.gate.input_active_low
        for _ in range(times):
            if turns != "off":
                pin.put(closed)
            if turns != "on":
                pin.let_go()
        self.contacts.append((self.now_s, name, turns))

    def hold_code(self, code: ShownCode) -> None:
        issued = self.utc_at(code.made_at_s).replace(microsecond=0)
        self.people.hold(code, lambda: self.hq.code(code, issued))

    def type_at_reader(self, text: str) -> None:
        self.people.types(text)

    def set_temperature(self, celsius: float | None) -> None:
        self.people.temperature(celsius)

    def set_clock(self, utc: datetime) -> None:
        self.clock.set_utc(utc)

    def admit(self, worker_id: str, by: str, why: str) -> None:
        now, direction = self.clock.utc(), self.config.site.direction
        self._desk.request_admission(
            AdmitRequest(worker_id=worker_id, by=by, reason=why, direction=direction, asked_utc=now)
        )

    def lock_down(self, by: str, *, release: bool) -> None:
        self._desk.request_lock_down(LockDownRequest(by=by, asked_utc=self.clock.utc()), release=release)

    def broken(self, what: Breakable, broken: bool) -> None:
        if what == "camera":
            self.camera.lost = broken
        elif what == "disk":
            self._refusing = broken
            if self._journal:
                self._journal.refuse(broken)
        elif what == "recognition":
            self._staged().failure = ValueError("a frame that cannot be read") if broken else None
        else:
            self._gate.broken = broken

    def enrol(self, worker_id: str, consent_ref: str) -> None:
        request = EnrolmentRequest(
            worker_id=worker_id, consent_ref=consent_ref, model_id=self._matcher.model_id, sealed_record=b"sealed"
        )
        self._desk.request_enrolment(request, by="technician")

    def restart(self, *, orderly: bool, off_s: float) -> None:
        if self._refusing:
            raise StoryError("the gate does not start while its disk is full: repair the disk first")
        self._end(orderly=orderly)
        self.let_pass(off_s)
        self._start()

    # --- how it is put together ----------------------------------------------------------------------------

    def _start(self) -> None:
        """Start as `edge.app.gate` does: the gate first, so that the relay is locked before anything else is tried."""
        self._gate = StoryGate(self.config.gate, self.pins, monotonic=self.clock.monotonic)
        clock, water = BoundedClock(self.clock), HighWater(self._folder / GATE, now=self.clock.utc)
        journal = StoryJournal(self._folder / JOURNAL, self.config.site, clock, memory=water)
        if self._journal is None and not self._story.new_card:
            journal.settle_in()
        self._journal = journal
        learn_time(clock, journal, water)
        journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED, detail=f"sitegate {__version__}")
        journal.refuse(self._refusing)
        self._readers = (
            self.hq.reader(water),
            DeskReader(self._folder / DESK),
            JournalPresence(self._folder / JOURNAL, clock),
        )
        roster, requests, presence = self._readers
        adapters = Adapters(
            camera=self.camera,
            matcher=self._matcher,
            gate=self._gate,
            indicator=self.indicator,
            roster=roster,
            journal=journal,
            desk_requests=requests,
            clock=clock,
            presence=presence,
            thermometer=self.people.thermometer,
            code_reader=QrCodeReader(self.config, self.hq.public_key, clock) if self.config.reader.codes else None,
            card_reader=self.people.reader,
            pin_code_check=ImmediatePinCodeCheck() if self.people.reader else None,
            restart=self._reboot,
            high_water=water,
            clock_bounds=clock,
            technician_requests=TechnicianRequests(self._folder / GATE),
        )
        self._loop = GateLoop(self.config, adapters)

    def _reboot(self) -> None:
        self._restarting = True

    def _end(self, *, orderly: bool) -> None:
        if orderly:
            self._loop.close()
        else:  # what a power cut leaves: the relay without current, and what is on disk
            self._gate.close()
            if self._journal:
                self._journal.close()
        for reader in self._readers:
            reader.close()

    def _eyes(self, studio: Studio | None) -> tuple[Matcher, Picture | None]:
        if not self._story.filmed:
            return StagedMatcher(self.config.matcher), None
        if studio is None:
            raise StoryError("this story has real pictures (walks_up): it needs the weights and the photos")
        film = studio.film(self._story)
        return studio.matcher(self.config), lambda now_s: picture_at(film, now_s - self.begun_s)

    def _staged(self) -> StagedMatcher:
        if not isinstance(self._matcher, StagedMatcher):
            raise StoryError("this story has real pictures (walks_up): lines with person or people do not fit it")
        return self._matcher
