"""Threads that work ahead."""
import subprocess
import sys
import threading

import pytest

from gluon_finetune.data.prefetch import Threads

LEFT_AT_WORK = '''
import threading
import cv2, numpy
from gluon_finetune.data.prefetch import Threads
image, begun = numpy.zeros((300, 300, 3), 'uint8'), threading.Semaphore(0)
def work():
    begun.release()
    for _ in range(200):
        cv2.resize(image, (700, 700), interpolation=cv2.INTER_CUBIC)
with Threads(4) as threads:
    for _ in range(4):
        threads.submit(work)
    for _ in range(4):
        begun.acquire()
'''


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


@pytest.mark.faults
def test_a_process_that_ends_while_they_work_does_not_abort():
    ended = subprocess.run([sys.executable, '-c', LEFT_AT_WORK], timeout=100, text=True,
                           capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, '')
