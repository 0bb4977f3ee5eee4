"""The child process of one side: prepares itself, then does a round each time it is told to.

    python benchmarks/side.py MODULE FUNCTION OPTIONS      (harness.py starts it, with pipes)

FUNCTION of MODULE takes the options and returns what to do in a round: a function that gives a
dict of numbers. Every answer is a line of JSON and also says how long the round took, how many
cores it kept busy, and the most memory the process ever held. Knows nothing about what is measured.
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
    """A side that cannot run here, with the reason."""


def main(module, function, options):
    channel = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)   # whatever a library prints is no answer

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
    """The numbers of one round, with its seconds, the cores it kept busy and the peak of memory.

    Where a side counts its `images`, also their number by second of either.
    """
    wall, cpu = time.perf_counter(), cpu_seconds()
    numbers = work(**arguments)
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    gc.collect()   # what a net held is for the next side
    if 'images' in numbers:
        numbers['images_per_second'] = numbers['images'] / wall
        numbers['images_per_cpu_second'] = numbers['images'] / cpu
    return {**numbers, 'seconds': wall, 'cores': cpu / wall, 'peak_mb': peak_mb()}


def cpu_seconds():
    """Seconds of CPU used so far by this process and its workers, living and ended."""
    process = psutil.Process()
    seconds = time.process_time() + sum(process.cpu_times()[2:4])   # its own and of ended workers
    for child in process.children(recursive=True):
        try:
            seconds += sum(child.cpu_times()[:4])
        except psutil.NoSuchProcess:
            pass   # ended just now
    return seconds


def peak_mb():
    """Most memory that was ever resident, in MB of 10^6 bytes, without that of workers.

    Not getrusage's ru_maxrss where there is another way: Linux counts in it what the process that
    started this one held.
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
    """A side that imports nothing and does nothing."""
    return lambda **_: {}


def versions():
    """Version of every library that this side has loaded."""
    found = {}
    for name in LIBRARIES:
        if name in sys.modules:
            try:
                found[name] = metadata.version(DISTRIBUTIONS.get(name, name))
            except metadata.PackageNotFoundError:
                found[name] = getattr(sys.modules[name], '__version__', '?')
    return found


def threads():
    """What this side was told about threads, and what torch says it will use."""
    told = {name: os.environ[name] for name in ('OMP_NUM_THREADS',) if name in os.environ}
    if 'torch' in sys.modules:
        told['threads of torch'] = sys.modules['torch'].get_num_threads()
    return told


if __name__ == '__main__':
    sys.modules['side'] = sys.modules['__main__']   # one NotAvailable, for whoever imports it
    main(*sys.argv[1:])
