"""Ctrl-C and SIGTERM as a request to stop after the current batch."""
from __future__ import annotations

import contextlib
import signal
import threading
from typing import Any, Iterable, Iterator

from ..types import Batch

SIGNAL_NAMES: dict[int, str] = {signal.SIGINT: 'Ctrl-C', signal.SIGTERM: 'SIGTERM'}


class StopRequested(Exception):
    """A signal arrived, and the interrupted work can be repeated."""


class StopRequest:
    """A request to stop.

    Attributes:
        signal: Number of the signal that arrived, or None.
    """

    def __init__(self, second_kills: bool = False,
                 signals: Iterable[int] = tuple(SIGNAL_NAMES)) -> None:
        self.signal: int | None = None
        self._second_kills, self._signals = second_kills, signals
        self._previous: dict[int, Any] = {}   # signal -> handler

    def stoppable(self, batches: Iterable[Batch]) -> Iterable[Batch]:
        """Return the batches, which raise `StopRequested` before the first after a signal."""
        return _StoppableBatches(batches, self)

    def install(self) -> None:
        """Install the signal handlers."""
        for number in self._signals:
            handler = signal.getsignal(number)
            if handler is not None:   # else it was not installed from Python: leave it
                self._previous[number] = handler
                signal.signal(number, self._handle)

    def uninstall(self) -> None:
        """Restore the previous signal handlers."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _: Any) -> None:
        self.uninstall()
        self.signal = number
        if self._second_kills:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


class _StoppableBatches:
    """Batches that can be iterated over several times."""

    def __init__(self, batches: Iterable[Batch], request: StopRequest) -> None:
        self.batches, self.request = batches, request

    def __iter__(self) -> Iterator[Batch]:
        for batch in self.batches:
            if self.request.signal:
                raise StopRequested
            yield batch


@contextlib.contextmanager
def stop_on_signals(second_kills: bool = False,
                    signals: Iterable[int] = tuple(SIGNAL_NAMES)) -> Iterator[StopRequest]:
    """Yield a `StopRequest` that Ctrl-C and SIGTERM, or other `signals`, set in the block.

    The first signal restores the previous handlers, for a second one. With `second_kills`, a second
    Ctrl-C ends the process at once; a `KeyboardInterrupt` would have to wait for MXNet. Signals
    reach only Python's main thread; in others the request is never set.
    """
    request = StopRequest(second_kills, signals)
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    request.install()
    try:
        yield request
    finally:
        with contextlib.suppress(ValueError):   # a generator that another thread discards
            if request.signal is None or second_kills:
                request.uninstall()
