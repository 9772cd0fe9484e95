"""Serve fire, exit button and time-outs in a separate thread: no disk, camera or matcher may delay them.

The loop takes the same signals once a turn, but a turn may wait for the disk. Both call `PassageControl.take_signals`,
one at a time. So the table in `edge.core.passage` stays the only source of the state. The thread does not write or log:
its records wait in the journal writer for the loop.
"""

import threading
from collections.abc import Callable

from edge.core.ports import Gate
from edge.loop.passage_control import PassageControl

POLL_S = 0.05
"""An edge wakes the thread at once. Polling finds an edge that was lost."""
FEED_EVERY_S = 0.25
AFTER_A_FAILURE_S = 0.2
STOPS_WITHIN_S = 2.0


class PassageThread:
    """Run the thread. `feed` is called while a fire holds the gate open: a restart by systemd's watchdog would close
    it."""

    def __init__(
        self, passage_control: PassageControl, gate: Gate, monotonic: Callable[[], float], feed: Callable[[], None]
    ) -> None:
        self._passage_control, self._gate, self._monotonic, self._feed = passage_control, gate, monotonic, feed
        self._closing = threading.Event()
        self._failure: Exception | None = None
        self._fed_s = float("-inf")
        self._thread = threading.Thread(target=self._run, name="passage", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise the thread's last error. The loop counts and records it."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        if not self._thread.is_alive() and not self._closing.is_set():
            raise RuntimeError("the passage's thread has ended")

    def stop(self) -> None:
        """Stop the thread. May be called twice."""
        self._closing.set()
        self._thread.join(STOPS_WITHIN_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._gate.wait(POLL_S)
                self._passage_control.take_signals()
                self._keep_fed()
            except Exception as error:  # noqa: BLE001 - supervised by the loop, which raises it in its next turn
                self._failure = error
                self._closing.wait(AFTER_A_FAILURE_S)

    def _keep_fed(self) -> None:
        now = self._monotonic()
        if self._passage_control.fire and now - self._fed_s >= FEED_EVERY_S:
            self._fed_s = now
            self._feed()
