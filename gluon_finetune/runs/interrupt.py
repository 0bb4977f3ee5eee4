"""Lets a run end where it can be gone on with; knows nothing about runs."""
import contextlib
import signal
import threading

NAMES = {signal.SIGINT: 'Ctrl-C', signal.SIGTERM: 'SIGTERM'}


class Request:
    """Whether somebody asked for an end: `signal` is the signal's number, or None."""

    def __init__(self, at_once):
        self.signal, self._at_once, self._found = None, at_once, {}

    def _note(self, number, _):
        self._restore()
        self.signal = number
        if self._at_once:
            signal.signal(signal.SIGINT, signal.SIG_DFL)

    def _listen(self):
        for number in NAMES:
            found = signal.getsignal(number)
            if found is not None:   # else it is not Python's to put back
                self._found[number] = found
                signal.signal(number, self._note)

    def _restore(self):
        for number, found in self._found.items():
            signal.signal(number, found)

    def end(self, batches):
        """The `batches`, before each of which `Requested` is raised if there is a signal."""
        return _Ending(batches, self)


class Requested(Exception):
    """There is a signal, and what was under way can be done again."""


class _Ending:
    """Batches that can be iterated over more than once."""

    def __init__(self, batches, request):
        self.batches, self.request = batches, request

    def __iter__(self):
        for batch in self.batches:
            if self.request.signal:
                raise Requested
            yield batch


@contextlib.contextmanager
def end_requests(at_once=False):
    """A `Request` that Ctrl-C and SIGTERM are noted in while the block runs.

    The first signal puts back what was there before, for the second one. With `at_once` a second
    Ctrl-C is left to the system, which ends the process wherever it is; a `KeyboardInterrupt` has
    to wait for MXNet. Only Python's main thread may listen; in others nothing is noted.
    """
    request = Request(at_once)
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    request._listen()
    try:
        yield request
    finally:
        with contextlib.suppress(ValueError):   # a generator that another thread throws away
            if request.signal is None or at_once:
                request._restore()
