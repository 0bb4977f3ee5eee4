import os
import signal
import threading

import pytest

from gluon_finetune.runs.interrupt import end_requests


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_and_then_they_are_as_before(number):
    caught = []
    before = signal.signal(number, lambda *_: caught.append(number))
    try:
        with end_requests() as request:
            assert request.signal is None
            send(number)
            assert request.signal == number and caught == []
            send(number)
            assert caught == [number]
        send(number)
        assert caught == [number] * 2
    finally:
        signal.signal(number, before)


@pytest.mark.faults
def test_the_second_ctrl_c_interrupts():
    with pytest.raises(KeyboardInterrupt):
        with end_requests() as request:
            send(signal.SIGINT)
            assert request.signal == signal.SIGINT
            send(signal.SIGINT)


def test_without_a_signal_nothing_is_left_behind():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with end_requests() as request:
        assert signal.getsignal(signal.SIGINT) == request._note
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_thread_does_not_listen():
    found = []

    def work():
        with end_requests() as request:
            found.append((request.signal, signal.getsignal(signal.SIGINT)))
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(None, before)]


def test_the_second_ctrl_c_can_be_left_to_the_system():
    before = signal.getsignal(signal.SIGINT)
    with end_requests(at_once=True):
        send(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == before
