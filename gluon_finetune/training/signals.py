"""Lets a run end where it can be gone on with; knows nothing about runs."""
import contextlib
import signal
import threading

NAMES = {signal.SIGINT: 'Ctrl-C', signal.SIGTERM: 'SIGTERM'}


class Request:
    """Whether somebody asked for an end: `signal` is the signal's number, or None."""

    def __init__(self):
        self.signal, self._found = None, {}

    def _note(self, number, _):
        self.signal = number
        self._restore()

    def _listen(self):
        for number in NAMES:
            found = signal.getsignal(number)
            if found is not None:   # else it is not Python's to put back
                self._found[number] = found
                signal.signal(number, self._note)

    def _restore(self):
        while self._found:
            signal.signal(*self._found.popitem())


@contextlib.contextmanager
def deadly_ctrl_c():
    """While the block runs, a Ctrl-C that is not noted ends the process, also within MXNet.

    A `KeyboardInterrupt` would have to wait for it.
    """
    found = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or found is None:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, found)


@contextlib.contextmanager
def end_requests():
    """A `Request` that Ctrl-C and SIGTERM are noted in while the block runs.

    The first signal puts back what was there before, so that a second one acts at once. Only
    Python's main thread may listen; in others nothing is noted.
    """
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    request._listen()
    try:
        yield request
    finally:
        with contextlib.suppress(ValueError):   # a generator that another thread throws away
            request._restore()
