"""Asks a question in a process of its own, in which an import may fail, crash or hang."""
import collections
import json
import signal
import subprocess
import sys

Answer = collections.namedtuple('Answer', 'result failure')
Answer.__doc__ = 'What a question gave, as JSON has it, and None; or None and why there is nothing.'

_SCRIPT = '''
import sys
sys.argv, sys.path[:] = ['gluon-finetune'], {path!r}
from gluon_finetune.doctor import questions
questions.answer({name!r}, *{words!r})
'''


def ask(name, *words, seconds=60):
    """The `Answer` of a function in questions.py to some words."""
    script = _SCRIPT.format(path=sys.path, name=name, words=words)
    try:
        done = subprocess.run([sys.executable, '-c', script], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        return Answer(None, f'not done after {seconds} seconds' + _last_words(late.stderr))
    if done.returncode:
        how = (f'ended by {signal.Signals(-done.returncode).name}' if done.returncode < 0
               else f'ended with status {done.returncode}')
        return Answer(None, how + _last_words(done.stderr))
    try:
        return Answer(*json.loads(done.stdout.splitlines()[-1].decode()))
    except (IndexError, ValueError, TypeError):
        return Answer(None, 'ended without an answer' + _last_words(done.stderr))


def _last_words(stderr):
    lines = [line.strip() for line in (stderr or b'').decode(errors='replace').splitlines()]
    lines = [line for line in lines if line]
    return f' ({lines[-1][:200]})' if lines else ''
