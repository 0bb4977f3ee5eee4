"""Threads that work ahead."""
import threading

import pytest

from gluon_finetune.data.threads import Threads


def test_results_and_errors_come_back():
    with Threads(2) as threads:
        futures = [threads.submit(divmod, 7, number) for number in (2, 0, 3)]
        assert futures[0].result(10) == (3, 1) and futures[2].result(10) == (2, 1)
        with pytest.raises(ZeroDivisionError):
            futures[1].result(10)


def test_one_that_hangs_is_replaced_and_waits_for_nobody():
    forever, others = threading.Event(), set(threading.enumerate())
    with Threads(1) as threads:
        threads.submit(forever.wait)
        waiting = threads.submit(int, '7')
        threads.add()
        assert waiting.result(10) == 7
        own = set(threading.enumerate()) - others
        dropped = threads.submit(forever.wait), threads.submit(int, '8')
    assert not dropped[1].done()
    forever.set()
    for thread in own:
        thread.join(10)
    assert len(own) == 2 and not any(thread.is_alive() for thread in own)
