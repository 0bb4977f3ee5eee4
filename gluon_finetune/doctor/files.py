"""Findings about what is kept on disk and the hosts it comes from; knows no framework."""
import os
import re
import shutil
import tempfile

from ..data.hub import DATA_HUB
from ..files.cache_dir import cache_dir
from ..files.hashing import file_sha1
from .finding import bad, ok, warn

ZOO = 'https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/'   # MXNet's own default
A_FILE_OF_THE_ZOO = 'gluon/models/resnet18_v2-a81db45f.zip'


def weights_dir():
    """The folder where MXNet and GluonCV keep pretrained weights: `$MXNET_HOME/models`."""
    home = os.environ.get('MXNET_HOME') or os.path.join('~', '.mxnet')
    return os.path.join(os.path.expanduser(home), 'models')


def folders():
    """Whether weights and data can be kept."""
    return [_folder('weights', weights_dir(), 'MXNET_HOME'),
            _folder('data', cache_dir(), 'GLUON_FINETUNE_CACHE')]


def weights():
    """Whether each file of pretrained weights is the one that its name promises."""
    folder, intact, own, findings = weights_dir(), [], [], []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        promised = re.search(r'-([0-9a-f]{8})\.params$', name)
        if promised:
            finding = _damage(os.path.join(folder, name), promised.group(1))
            findings += [finding] if finding else []
            intact += [] if finding else [name]
        elif name.endswith('.params'):
            own.append(name)
    if intact or own or not findings:
        told = [', '.join(intact) or 'none of the zoo yet'] + own
        findings.insert(0, ok('networks', ', '.join(told)))
    return findings


def hosts():
    """Names and addresses of what may have to be downloaded, and what to do without."""
    zoo = (os.environ.get('MXNET_GLUON_REPO') or ZOO).rstrip('/') + '/'
    return [('zoo host', zoo + A_FILE_OF_THE_ZOO, f'put .params files into {weights_dir()}, pass '
             'one with --source, or name a mirror in MXNET_GLUON_REPO'),
            ('data host', DATA_HUB['hotdog'][0], f'put hotdog.zip into {cache_dir()}, or name a '
             'copy in GLUON_FINETUNE_DATA')]


def host(name, url, remedy, answer):
    """Whether an address answers; one that does not is no error: everything may be here already."""
    where = re.sub(r'^\w+://([^/]+).*', r'\1', url)
    if answer.result == 200:
        return ok(name, f'{where} answers')
    said = (f'does not answer ({answer.failure})' if answer.failure else
            f'answers with status {answer.result}')
    return warn(name, f'{where} {said}', remedy)


def _folder(name, folder, variable):
    place = folder
    while not os.path.lexists(place) and os.path.dirname(place) != place:
        place = os.path.dirname(place)
    try:
        with tempfile.TemporaryFile(dir=place):
            free = shutil.disk_usage(place).free
    except OSError as error:
        return bad(name, f'cannot write to {folder} ({error.strerror})',
                   f'name a folder that you may write to in {variable}')
    return ok(name, f'{folder}, {free / 1e9:.0f} GB free')


def _damage(path, promised):
    try:
        found, size = file_sha1(path), os.path.getsize(path)
    except OSError as error:
        return bad('networks', f'{path} cannot be read ({error.strerror})', f'rm {path}')
    if found.startswith(promised):
        return None
    return bad('networks', f'{os.path.basename(path)} is damaged: {size} bytes with SHA-1 '
               f'{found[:8]}... instead of {promised}...', f'rm {path} and it is fetched again')
