"""Questions answered in a process of their own, in which an import may fail, crash or hang."""
from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """The result of a question, from JSON, and None; or None and why there is no result."""

    result: Any
    failure: str | None


_SCRIPT = '''
import sys
sys.argv, sys.path[:] = ['gluon-finetune'], {path!r}
from gluon_finetune.doctor import questions
questions.answer({name!r}, *{words!r})
'''


def ask(name: str, *words: str, seconds: float = 60) -> Answer:
    """Call a function of questions.py in a new process.

    Args:
        name: Name of the function.
        words: Its arguments.
        seconds: Time limit.
    """
    script = _SCRIPT.format(path=sys.path, name=name, words=words)
    try:
        done = subprocess.run([sys.executable, '-c', script], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        return Answer(None, f'not done after {seconds} seconds' + _last_line(late.stderr))
    if done.returncode:
        end = (f'ended by {signal.Signals(-done.returncode).name}' if done.returncode < 0
               else f'ended with status {done.returncode}')
        return Answer(None, end + _last_line(done.stderr))
    try:
        return Answer(*json.loads(done.stdout.splitlines()[-1].decode()))
    except (IndexError, ValueError, TypeError):
        return Answer(None, 'ended without an answer' + _last_line(done.stderr))


def _last_line(stderr: bytes | None) -> str:
    lines = [line.strip() for line in (stderr or b'').decode(errors='replace').splitlines()]
    lines = [line for line in lines if line]
    return f' ({lines[-1][:200]})' if lines else ''
