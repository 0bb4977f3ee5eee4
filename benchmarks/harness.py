"""Compare sides, each in a process of its own, in interleaved rounds.

A side is a function in a module of this folder (see side.py). All start and warm up, then they take
turns, A B C, A B C ..., so that other load on the machine affects all of them. Children inherit no
thread settings except those of their side.
"""
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# Prefixes of the thread settings of OpenMP, MKL, OpenBLAS and MXNet.
THREAD_SETTINGS = ('OMP_', 'GOMP_', 'KMP_', 'MKL_', 'OPENBLAS_', 'MXNET_')
ENDS = ('not_available', 'failed')   # answers of a side without numbers


@dataclasses.dataclass(frozen=True)
class Side:
    """The work of one child: `function` of `module` with `options`, under `environ`."""
    name: str
    module: str
    function: str
    options: dict = dataclasses.field(default_factory=dict)
    environ: dict = dataclasses.field(default_factory=dict)
    not_available: str = None   # why it cannot run on this machine, if known beforehand
    note: str = ''              # for the report


class Child:
    """The process of one side; `result` has its rounds, or why there are no more."""

    def __init__(self, side):
        self.name, self.process = side.name, None
        self.result = {'rounds': [], 'note': side.note}
        if side.not_available:
            self.result['not_available'] = side.not_available
            return
        environ = {name: value for name, value in os.environ.items()
                   if not name.startswith(THREAD_SETTINGS)}
        self.began, self.errors = time.perf_counter(), tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, 'side.py'), side.module, side.function,
             json.dumps(side.options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env={**environ, **side.environ})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def prepare(self):
        """Wait until the side is ready; store its versions and threads."""
        told = self._answer()
        self.result.update(told, ready_seconds=self._age())

    def ask(self, **arguments):
        """Return the numbers of one round; {} after storing the reason if there are none."""
        if self.process is None:
            return {}
        try:
            print(json.dumps(arguments), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass   # its last answer has the reason
        return self._answer()

    def measure(self, **arguments):
        """Run a round; store its numbers with the age of the process."""
        told = self.ask(**arguments)
        if told:
            self.result['rounds'].append({**told, 'age_seconds': self._age()})

    def stop(self):
        if self.process is not None:
            for pipe in (self.process.stdin, self.process.stdout):
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass
            self.process.wait()
            self.errors.close()
            self.process = None

    def _answer(self):
        if self.process is None:
            return {}
        line = self.process.stdout.readline()
        told = json.loads(line) if line else {'failed': self._last_words()}
        if any(end in told for end in ENDS):
            self.result.update(told)
            self.stop()
            return {}
        return told

    def _age(self):
        return time.perf_counter() - self.began if self.process else None

    def _last_words(self):
        status = self.process.wait()
        self.errors.seek(0)
        return f'ended with status {status}: {self.errors.read().strip()[-300:]}'


def compare(sides, rounds, arguments=None, warm_up=None):
    """Return results by name; `warm_up` are the arguments of a first, unmeasured round."""
    children = [Child(side) for side in sides]
    try:
        for child in children:
            child.prepare()
        if warm_up is not None:
            for child in children:
                child.ask(**warm_up)
        for number in range(rounds):
            for child in children:
                child.measure(**arguments or {})
            say(f'round {number + 1} of {rounds} done')
    finally:
        for child in children:
            child.stop()
    return {child.name: child.result for child in children}


def compare_fresh(sides, rounds, arguments=None):
    """Return results by name; every round is the only one of a new process."""
    results = {side.name: {'rounds': []} for side in sides}
    for number in range(rounds):
        for side in sides:
            result = results[side.name]
            if any(end in result for end in ENDS):
                continue
            with Child(side) as child:
                child.prepare()
                child.measure(**arguments or {})
            result.update(child.result, rounds=result['rounds'] + [
                {**told, **{key: child.result[key] for key in ('ready_seconds', 'ready_mb')}}
                for told in child.result['rounds']])
        say(f'round {number + 1} of {rounds} done')
    return results


def ask_once(side, **arguments):
    """Return the numbers of one round of one side; raise SystemExit if there are none."""
    with Child(side) as child:
        child.prepare()
        told = child.ask(**arguments)
    if not told:
        raise SystemExit(f'{side.name}: ' + next(child.result[end] for end in ENDS
                                                 if end in child.result))
    return told


def say(text):
    """Print a line about progress on stderr."""
    print(text, file=sys.stderr, flush=True)
