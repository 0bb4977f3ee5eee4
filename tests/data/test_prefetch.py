"""Worker pools and prefetching."""
import subprocess
import sys
import threading

import pytest

from gluon_finetune.data.prefetch import WorkerPool, prefetch

EXIT_WHILE_WORKING = '''
import threading, time
import cv2, numpy
from gluon_finetune.data.prefetch import WorkerPool, prefetch
image, begun = numpy.zeros((300, 300, 3), 'uint8'), threading.Semaphore(0)
def work():
    begun.release()
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        cv2.resize(image, (700, 700), interpolation=cv2.INTER_CUBIC)
with WorkerPool(4) as pool:
    for _ in range(4):
        pool.submit(work)
    for _ in range(4):
        begun.acquire()
'''


def test_results_and_errors_come_back():
    with WorkerPool(2) as pool:
        futures = [pool.submit(divmod, 7, number) for number in (2, 0, 3)]
        assert futures[0].result(10) == (3, 1) and futures[2].result(10) == (2, 1)
        with pytest.raises(ZeroDivisionError):
            futures[1].result(10)


def test_a_thread_that_hangs_is_replaced_and_blocks_nothing():
    forever, others = threading.Event(), set(threading.enumerate())
    with WorkerPool(1) as pool:
        pool.submit(forever.wait)
        waiting = pool.submit(int, '7')
        pool.add()
        assert waiting.result(10) == 7
        own = set(threading.enumerate()) - others
        dropped = pool.submit(forever.wait), pool.submit(int, '8')
    assert not dropped[1].done()
    forever.set()
    for thread in own:
        thread.join(10)
    assert len(own) == 2 and not any(thread.is_alive() for thread in own)


@pytest.mark.parametrize('count, made', [(0, [1, 2, 3]), (1, [2, 3, 3]), (5, [3, 3, 3])])
def test_items_are_made_ahead_of_their_use(count, made):
    calls = []
    items = (calls.append(number) or number for number in (1, 2, 3))
    assert [(item, len(calls)) for item in prefetch(items, count)] == list(zip((1, 2, 3), made))


@pytest.mark.faults
def test_a_process_that_exits_while_threads_work_does_not_abort():
    ended = subprocess.run([sys.executable, '-c', EXIT_WHILE_WORKING], timeout=100, text=True,
                           capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, '')
