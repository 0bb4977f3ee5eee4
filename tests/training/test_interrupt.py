import os
import signal
import threading

import pytest

from gluon_finetune.training.interrupt import stop_on_signals


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_and_restores_the_handlers(number):
    caught = []
    before = signal.signal(number, lambda *_: caught.append(number))
    try:
        with stop_on_signals() as request:
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
    before = signal.signal(signal.SIGINT, signal.default_int_handler)   # a shell may ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            with stop_on_signals() as request:
                send(signal.SIGINT)
                assert request.signal == signal.SIGINT
                send(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_without_a_signal_the_handlers_are_restored():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_on_signals() as request:
        assert signal.getsignal(signal.SIGINT) == request._handle
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_thread_installs_no_handlers():
    found = []

    def work():
        with stop_on_signals() as request:
            found.append((request.signal, signal.getsignal(signal.SIGINT)))
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(None, before)]


def test_the_second_ctrl_c_can_end_the_process_at_once():
    before = signal.getsignal(signal.SIGINT)
    with stop_on_signals(second_kills=True):
        send(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == before
