"""Threads that work ahead and never hold up the end of the process; knows nothing of their work."""
import atexit
import collections
import contextlib
import itertools
import queue
import threading
import time
import weakref
from concurrent.futures import Future

_ALL = weakref.WeakSet()
LAST_WAIT = 2   # seconds at the end of the process for what is under way


class Threads:
    """`count` threads that run what is submitted, in that order, until the `with` block ends.

    Unlike those of `ThreadPoolExecutor` they are daemons: one that hangs in a dead file system
    cannot keep the process from ending. What still waits at the end of the block is dropped.
    """

    def __init__(self, count):
        self._jobs, self.started = queue.SimpleQueue(), []
        _ALL.add(self)
        for _ in range(count):
            self.add()

    def add(self):
        """Start one more thread, for instance in place of one that hangs."""
        self.started.append(threading.Thread(target=self._work, daemon=True))
        self.started[-1].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Drop what waits, and let the threads end once what is under way is done."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._jobs.get_nowait()
        for _ in self.started:
            self._jobs.put(None)

    def submit(self, function, *args):
        """Return the `Future` of `function(*args)`."""
        future = Future()
        self._jobs.put((future, function, args))
        return future

    def _work(self):
        for future, function, args in iter(self._jobs.get, None):
            try:
                future.set_result(function(*args))
            except BaseException as error:   # it is for whoever asks for the result
                future.set_exception(error)


@atexit.register
def _end_all():
    """Python would end them in the middle of a call into OpenCV, and that abort the process."""
    end, everything = time.monotonic() + LAST_WAIT, list(_ALL)
    for threads in everything:
        threads.end()
    for thread in (thread for threads in everything for thread in threads.started):
        thread.join(max(end - time.monotonic(), 0))


def ahead(iterable, count):
    """Yield the same items in the same order, each made `count` items before it is needed."""
    items = iter(iterable)
    waiting = collections.deque(itertools.islice(items, count))
    for item in items:
        waiting.append(item)
        yield waiting.popleft()
    yield from waiting
