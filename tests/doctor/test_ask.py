"""The asked process imports modules that break, each in its own way."""
import sys

import pytest

from gluon_finetune.doctor.ask import Answer, ask


@pytest.mark.parametrize('source, answer', [
    ("__version__ = '1.2'", Answer('1.2', None)),
    ("print('noise'); __version__ = '1.2'", Answer('1.2', None)),
    ('', Answer('', None)),
    ("raise ImportError('no luck\\nat all')", Answer(None, 'no luck')),
    ("{}['key']", Answer(None, "KeyError: 'key'")),
    ('raise OSError', Answer(None, 'OSError')),
    ('raise SystemExit(3)', Answer(None, 'SystemExit: 3')),
    ("import os, sys; print('last words', file=sys.stderr, flush=True); os.abort()",
     Answer(None, 'ended by SIGABRT (last words)')),
    ('import os; os._exit(0)', Answer(None, 'ended without an answer')),
    ('import os; os._exit(7)', Answer(None, 'ended with status 7')),
    ("import sys, time; print('waiting', file=sys.stderr, flush=True); time.sleep(60)",
     Answer(None, 'not done after 3 seconds (waiting)')),
])
def test_whatever_an_import_does_is_an_answer(tmp_path, monkeypatch, source, answer):
    (tmp_path / 'patient.py').write_text(source)
    monkeypatch.setattr(sys, 'path', [str(tmp_path), *sys.path])
    assert ask('version', 'patient', seconds=3) == answer


def test_a_missing_module_is_an_answer():
    assert ask('version', 'patient') == Answer(
        None, "ModuleNotFoundError: No module named 'patient'")
