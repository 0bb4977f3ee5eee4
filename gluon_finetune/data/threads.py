"""Threads that work ahead and never hold up the end of the process; knows nothing of their work."""
import collections
import itertools
import queue
import threading
from concurrent.futures import Future


class Threads:
    """`count` threads that run what is submitted, in that order, until the `with` block ends.

    Unlike those of `ThreadPoolExecutor` they are daemons: one that hangs in a dead file system
    cannot keep the process from ending. What still waits at the end of the block is dropped.
    """

    def __init__(self, count):
        self._jobs, self._open = queue.SimpleQueue(), 0
        for _ in range(count):
            self.add()

    def add(self):
        """Start one more thread, for instance in place of one that hangs."""
        self._open += 1
        threading.Thread(target=self._work, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        while not self._jobs.empty():
            self._jobs.get()
        for _ in range(self._open):
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


def ahead(iterable, count):
    """Yield the same items in the same order, each made `count` items before it is needed."""
    items = iter(iterable)
    waiting = collections.deque(itertools.islice(items, count))
    for item in items:
        waiting.append(item)
        yield waiting.popleft()
    yield from waiting
