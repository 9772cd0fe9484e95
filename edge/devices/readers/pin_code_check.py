"""Compare PIN codes in a separate thread: scrypt is slow by design, and the loop must not wait for it."""

from concurrent.futures import Future, ThreadPoolExecutor

from contract.credentials import pin_code_matches


class ThreadedPinCodeCheck:
    """Implements `edge.core.ports.PinCodeCheck`."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pin")
        self._asked: Future[bool] | None = None

    def ask(self, pin: str, stored: str) -> None:
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._pool.submit(pin_code_matches, pin, stored)

    def answer(self) -> bool | None:
        if self._asked is None or not self._asked.done():
            return None
        asked, self._asked = self._asked, None
        return asked.result()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
