"""Checks of the folders for weights and data, the weights in them, and the hosts of both."""
from __future__ import annotations

import os
import re
import shutil
import tempfile

from ..data.hub import DATA_HUB
from ..files.cache_dir import cache_dir
from ..files.hashing import file_sha1
from .ask import Answer
from .finding import Finding, bad, ok, warn

ZOO = 'https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/'   # MXNet's own default
ZOO_FILE = 'gluon/models/resnet18_v2-a81db45f.zip'


def weights_dir() -> str:
    """Return the folder where MXNet and GluonCV store pretrained weights: `$MXNET_HOME/models`."""
    home = os.environ.get('MXNET_HOME') or os.path.join('~', '.mxnet')
    return os.path.join(os.path.expanduser(home), 'models')


def folders() -> list[Finding]:
    """Check that weights and data can be written."""
    return [_folder('weights', weights_dir(), 'MXNET_HOME'),
            _folder('data', cache_dir(), 'GLUON_FINETUNE_CACHE')]


def weights() -> list[Finding]:
    """Check each file of pretrained weights against the SHA-1 in its name."""
    folder = weights_dir()
    intact, own, findings = [], [], []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        expected = re.search(r'-([0-9a-f]{8})\.params$', name)
        if expected:
            finding = _corruption(os.path.join(folder, name), expected.group(1))
            findings += [finding] if finding else []
            intact += [] if finding else [name]
        elif name.endswith('.params'):
            own.append(name)
    if intact or own or not findings:
        names = [', '.join(intact) or 'none of the zoo yet'] + own
        findings.insert(0, ok('networks', ', '.join(names)))
    return findings


def hosts() -> list[tuple[str, str, str]]:
    """Return name, address and alternative of each host that downloads may come from."""
    zoo = (os.environ.get('MXNET_GLUON_REPO') or ZOO).rstrip('/') + '/'
    return [('zoo host', zoo + ZOO_FILE, f'put .params files into {weights_dir()}, pass one with '
             '--source, or set MXNET_GLUON_REPO to a mirror'),
            ('data host', DATA_HUB['hotdog'][0], f'put hotdog.zip into {cache_dir()}, or set '
             'GLUON_FINETUNE_DATA to a copy')]


def host(name: str, url: str, remedy: str, answer: Answer) -> Finding:
    """Check that an address answers; only a warning, as everything may be downloaded already."""
    host_name = re.sub(r'^\w+://([^/]+).*', r'\1', url)
    if answer.result == 200:
        return ok(name, f'{host_name} answers')
    problem = (f'does not answer ({answer.failure})' if answer.failure else
               f'answers with status {answer.result}')
    return warn(name, f'{host_name} {problem}', remedy)


def _folder(name: str, folder: str, variable: str) -> Finding:
    existing = folder
    while not os.path.lexists(existing) and os.path.dirname(existing) != existing:
        existing = os.path.dirname(existing)
    try:
        with tempfile.TemporaryFile(dir=existing):
            free = shutil.disk_usage(existing).free
    except OSError as error:
        return bad(name, f'cannot write to {folder} ({error.strerror})',
                   f'set {variable} to a folder that you may write to')
    return ok(name, f'{folder}, {free / 1e9:.0f} GB free')


def _corruption(path: str, expected: str) -> Finding | None:
    try:
        found, size = file_sha1(path), os.path.getsize(path)
    except OSError as error:
        return bad('networks', f'{path} cannot be read ({error.strerror})', f'rm {path}')
    if found.startswith(expected):
        return None
    return bad('networks', f'{os.path.basename(path)} is corrupt: {size} bytes with SHA-1 '
               f'{found[:8]}... instead of {expected}...',
               f'rm {path}, and it is downloaded again')
