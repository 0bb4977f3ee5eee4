"""Prefetching: results computed in background threads before they are needed."""
from __future__ import annotations

import atexit
import collections
import contextlib
import itertools
import queue
import threading
import time
import weakref
from concurrent.futures import Future
from typing import Any, Callable, Iterable, Iterator, Tuple, TypeVar

T = TypeVar('T')
_Job = Tuple['Future[Any]', Callable[..., Any], Tuple[Any, ...]]

EXIT_WAIT_S = 2   # at the end of the process, for the jobs that are running
_POOLS: weakref.WeakSet[WorkerPool] = weakref.WeakSet()


class WorkerPool:
    """A pool of daemon threads that run submitted jobs in order until the `with` block ends.

    `ThreadPoolExecutor` is no substitute: it cannot replace a thread that hangs in a dead file
    system, and since Python 3.9 the process waits for such a thread before it ends. Jobs that have
    not started at the end of the block are dropped.
    """

    def __init__(self, count: int) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.threads: list[threading.Thread] = []
        _POOLS.add(self)
        for _ in range(count):
            self.add()

    def add(self) -> None:
        """Start one more thread, for instance to replace one that hangs."""
        self.threads.append(threading.Thread(target=self._work, daemon=True))
        self.threads[-1].start()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def shutdown(self) -> None:
        """Drop the jobs that have not started; each thread ends after the job it is running."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._jobs.get_nowait()
        for _ in self.threads:
            self._jobs.put(None)

    def submit(self, function: Callable[..., T], *args: Any) -> Future[T]:
        """Queue `function(*args)`; return the `Future` of its result."""
        future: Future[T] = Future()
        self._jobs.put((future, function, args))
        return future

    def _work(self) -> None:
        for future, function, args in iter(self._jobs.get, None):
            try:
                future.set_result(function(*args))
            except BaseException as error:   # for whoever asks for the result
                future.set_exception(error)


@atexit.register
def _shut_down_all() -> None:
    """End all threads: Python would kill one inside OpenCV, and that aborts the process."""
    deadline, pools = time.monotonic() + EXIT_WAIT_S, list(_POOLS)
    for pool in pools:
        pool.shutdown()
    for thread in (thread for pool in pools for thread in pool.threads):
        thread.join(max(deadline - time.monotonic(), 0))


def prefetch(iterable: Iterable[T], count: int) -> Iterator[T]:
    """Yield the same items in the same order, each made `count` items before it is needed."""
    items = iter(iterable)
    waiting = collections.deque(itertools.islice(items, count))
    for item in items:
        waiting.append(item)
        yield waiting.popleft()
    yield from waiting
