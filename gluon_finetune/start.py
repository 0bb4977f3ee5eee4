"""Knows whether this process is the command line, which has to start where MXNet does not load."""
import os
import sys
from pathlib import Path

SEE_DOCTOR = '\n`gluon-finetune doctor`, or `python -m gluon_finetune doctor`, says what is wrong'


def is_command_line():
    """Whether Python was started as `gluon-finetune` or as `python -m gluon_finetune`."""
    program = os.path.basename(sys.argv[0]) if getattr(sys, 'argv', None) else ''
    if program != '-m':
        return program in ('gluon-finetune', 'gluon-finetune.exe')
    # Python is still looking for the module that it was told to run.
    words = getattr(sys, 'orig_argv', None) or _words_of_this_process()
    return words[-len(sys.argv):][:1] in (['gluon_finetune'], ['-mgluon_finetune'])


def _words_of_this_process():   # for Python 3.8 and 3.9
    try:
        return Path('/proc/self/cmdline').read_bytes().decode(errors='replace').split('\0')[:-1]
    except OSError:
        return []
