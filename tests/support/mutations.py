"""Damages files in every way, and runs a reader on what is left of them."""
import contextlib
import resource
import signal
from collections import Counter

import hypothesis
from hypothesis import strategies as st

from gluon_finetune.errors import UsageError, WorkError

MEMORY = 3 << 30   # bytes that a reader may address beyond what the process has
SECONDS = 20       # that one input may take
_EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 40,
          2 ** 63 - 1, 2 ** 63, 2 ** 64 - 1]


@st.composite
def mutated(draw, seeds):
    """One of the valid files `seeds`, with one to four kinds of damage."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for change in draw(st.lists(st.sampled_from(_CHANGES), min_size=1, max_size=4)):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        change(draw, content, at, seeds)
    return bytes(content)


def _cut(draw, content, at, seeds):
    del content[at:]


def _flip(draw, content, at, seeds):
    if content:
        content[at] ^= draw(st.integers(1, 255))


def _remove(draw, content, at, seeds):
    del content[at:at + draw(st.integers(1, 64))]


def _insert(draw, content, at, seeds):
    content[at:at] = draw(st.binary(min_size=1, max_size=64))


def _repeat(draw, content, at, seeds):
    content[at:at] = content[at:at + draw(st.integers(1, 64))] * draw(st.integers(1, 50))


def _splice(draw, content, at, seeds):
    other = draw(st.sampled_from(seeds))
    content[at:] = other[draw(st.integers(0, len(other))):]


def _number(draw, content, at, seeds):
    size, order = draw(st.sampled_from([1, 2, 4, 8])), draw(st.sampled_from(['little', 'big']))
    number = draw(st.sampled_from(_EDGES)) % 256 ** size
    content[at:at + size] = number.to_bytes(size, order)


def _text(draw, content, at, seeds):
    words = [b'null', b'[', b']', b'{', b'}', b'"', b',', b':', b'1e999', b'NaN', b'-1', b'\\ud800',
             b'../', b'\0', b'9' * 5000, b'[' * 5000, b'{"a":' * 5000, b'\xff', b'true']
    content[at:at + draw(st.integers(0, 8))] = draw(st.sampled_from(words))


_CHANGES = [_cut, _flip, _flip, _remove, _insert, _repeat, _splice, _number, _number, _text]


def fuzz(read, seeds, path, examples, seed=None):
    """Count what becomes of `read(path)` for so many damaged files: 'read' or 'refused'.

    Anything but `UsageError` and `WorkError` fails, as do more than `MEMORY` and `SECONDS`.
    Without a `seed` the inputs are the same every time.
    """
    outcomes = Counter()

    @hypothesis.settings(max_examples=examples, derandomize=seed is None, database=None,
                         deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(mutated(seeds))
    def run(content):
        with open(path, 'wb') as file:
            file.write(content)
        outcomes[_outcome(read, path)] += 1

    (run if seed is None else hypothesis.seed(seed)(run))()
    return outcomes


def _outcome(read, path):
    with _limits():
        try:
            read(path)
            return 'read'
        except (UsageError, WorkError) as error:
            str(error).encode('utf-8')   # it can be printed
            return 'refused'


@contextlib.contextmanager
def _limits():
    def hung(*args):
        raise TimeoutError(f'it took more than {SECONDS} seconds')
    with open('/proc/self/statm') as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGALRM, hung)
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, hard))
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
