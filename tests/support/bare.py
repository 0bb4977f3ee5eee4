"""Runs programs in a Python that has a few packages and nothing else."""
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

HIDDEN = ('gluon_finetune', 'mxnet', 'gluoncv', 'cv2')
CHECK = '''
import importlib.util, sys
assert not [name for name in sys.argv[1:] if importlib.util.find_spec(name)]
'''


def link_packages(folder, names):
    """Link the installed packages `names`, and all that they require, into a folder."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = distribution(name)
        except PackageNotFoundError:   # of an extra, or for another system
            continue
        for top in {file.parts[0] for file in package.files} - {'..', '__pycache__'}:
            if not (folder / top).exists():
                (folder / top).symlink_to(Path(package.locate_file(top)))
        waiting += [re.match(r'[\w.-]+', line).group() for line in package.requires or ()
                    if 'extra ==' not in line]
    return folder


def run_bare(folder, *words, hidden=HIDDEN):
    """Run Python with the packages in `folder` alone, without those `hidden`; return its lines."""
    environ = {**os.environ, 'PYTHONPATH': str(folder), 'PYTHONNOUSERSITE': '1'}
    bare = [sys.executable, '-S', '-W', 'ignore']
    subprocess.run([*bare, '-c', CHECK, *hidden], env=environ, check=True, cwd=folder)
    done = subprocess.run([*bare, *map(str, words)], env=environ, text=True, capture_output=True,
                          cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
