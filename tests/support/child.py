"""Runs code in a process of its own whose memory is limited."""
import importlib
import resource
import traceback

from forked import PACKAGE, forked

LIMIT = 120   # seconds


def run_child(code, *arguments, memory):
    """What `code` left in its variable `said`, and how many bytes more it came to use.

    It finds its arguments in `arguments` and may address no more than `memory` bytes beyond what
    the process had. A process that fails, crashes or hangs fails the test.
    """
    ours, theirs = forked.Pipe()
    process = forked.Process(target=_work, args=(theirs, code, arguments, memory))
    process.start()
    theirs.close()
    try:
        assert ours.poll(LIMIT), f'it hung for {LIMIT} seconds'
        failure, said, taken = ours.recv()
    except EOFError:
        process.join()
        failure = f'it crashed: status {process.exitcode}'
    finally:
        process.kill()
        process.join()
        ours.close()
    assert not failure, failure
    return said, taken


def _work(pipe, code, arguments, memory):
    for module in PACKAGE:   # where they were not preloaded
        importlib.import_module(module)
    with open('/proc/self/statm') as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + memory,) * 2)
    before, variables = _used(), {'arguments': arguments}
    try:
        exec(code, variables)
        pipe.send((None, variables['said'], _used() - before))
    except BaseException:
        pipe.send((traceback.format_exc(), None, 0))


def _used():
    """Bytes that lay in memory at the most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
