"""Sides for the tests of the harness; every one runs in a process of its own."""
import os
import time

from side import NotAvailable


def counting(start=0):
    """Counts its rounds, so that a process that stays can be told from a new one."""
    state = {'rounds': start}

    def work(path=None):
        state['rounds'] += 1
        if path:
            with open(path, 'a') as file:
                file.write(f'{start} ')
        print('this is no answer')
        return {'rounds': state['rounds'], 'images': 10}
    return work


def environment():
    return lambda: {'omp': os.environ.get('OMP_NUM_THREADS', 'unset')}


def memory():
    def work():
        return {'bytes': len(bytearray(200 * 10 ** 6))}
    return work


def busy():
    def work():
        ends = time.process_time() + 0.2
        while time.process_time() < ends:
            pass
        return {}
    return work


def lacking():
    raise NotAvailable('no such option')


def uninstalled():
    import no_such_module  # noqa: F401


def failing():
    def work():
        raise ValueError('it went wrong')
    return work


def dying():
    def work():
        os.write(2, b'the last words')
        os._exit(3)
    return work
