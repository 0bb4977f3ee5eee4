"""The child process of one side: it prepares itself, then runs a round for each line it reads.

    python benchmarks/side.py MODULE FUNCTION OPTIONS      (harness.py starts it, with pipes)

FUNCTION of MODULE takes the options and returns the function of a round, which returns a dict of
numbers. Every answer is a line of JSON, with the seconds of the round, the busy cores and the peak
memory of the process.
"""
import gc
import importlib
import json
import os
import sys
import time
import traceback
from importlib import metadata

import psutil

LIBRARIES = ('gluon_finetune', 'mxnet', 'torch', 'torchvision', 'onnxruntime', 'numpy', 'PIL',
             'cv2')
DISTRIBUTIONS = {'PIL': 'Pillow', 'cv2': 'opencv-python'}


class NotAvailable(Exception):
    """A side cannot run on this machine; the message is the reason."""


def main(module, function, options):
    channel = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)   # what a library prints must not mix with the answers

    def answer(**values):
        print(json.dumps(values), file=channel, flush=True)

    try:
        work = getattr(importlib.import_module(module), function)(**json.loads(options))
        answer(versions=versions(), threads=threads(), ready_mb=peak_mb())
        for line in sys.stdin:
            answer(**measured(work, **json.loads(line)))
    except NotAvailable as reason:
        answer(not_available=str(reason))
    except ModuleNotFoundError as error:
        answer(not_available=f'{error.name} is not installed: pip install '
                             f'gluon_finetune[parity,bench]')
    except Exception as error:
        traceback.print_exc()
        answer(failed=f'{type(error).__name__}: {error}')


def measured(work, **arguments):
    """Return the numbers of one round, with its seconds, busy cores and peak memory.

    If a side counts its `images`, also images/s of wall and of CPU time.
    """
    wall, cpu = time.perf_counter(), cpu_seconds()
    numbers = work(**arguments)
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    gc.collect()   # frees the memory of a net
    if 'images' in numbers:
        numbers['images_per_second'] = numbers['images'] / wall
        numbers['images_per_cpu_second'] = numbers['images'] / cpu
    return {**numbers, 'seconds': wall, 'cores': cpu / wall, 'peak_mb': peak_mb()}


def cpu_seconds():
    """Return the CPU seconds of this process and its workers, running and finished."""
    process = psutil.Process()
    seconds = time.process_time() + sum(process.cpu_times()[2:4])   # its own and of ended workers
    for child in process.children(recursive=True):
        try:
            seconds += sum(child.cpu_times()[:4])
        except psutil.NoSuchProcess:
            pass   # ended just now
    return seconds


def peak_mb():
    """Return the peak resident memory in MB of 10^6 bytes, without workers.

    Linux's ru_maxrss of getrusage includes the memory of the parent process, so it comes second.
    """
    try:
        with open('/proc/self/status', encoding='ascii') as status:
            return next(int(line.split()[1]) for line in status
                        if line.startswith('VmHWM')) * 1024 / 1e6
    except OSError:
        import resource
        unit = 1 if sys.platform == 'darwin' else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def nothing():
    """Return a side that imports nothing and does nothing."""
    return lambda **_: {}


def versions():
    """Return the version of every library that this side has loaded."""
    found = {}
    for name in LIBRARIES:
        if name in sys.modules:
            try:
                found[name] = metadata.version(DISTRIBUTIONS.get(name, name))
            except metadata.PackageNotFoundError:
                found[name] = getattr(sys.modules[name], '__version__', '?')
    return found


def threads():
    """Return the thread settings of this side, and the number of threads of torch."""
    told = {name: os.environ[name] for name in ('OMP_NUM_THREADS',) if name in os.environ}
    if 'torch' in sys.modules:
        told['threads of torch'] = sys.modules['torch'].get_num_threads()
    return told


if __name__ == '__main__':
    sys.modules['side'] = sys.modules['__main__']   # one NotAvailable for all modules
    main(*sys.argv[1:])
