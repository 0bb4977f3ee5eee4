"""Damaged files of every kind lead to one of our two errors or to nothing.

A few hundred inputs each time, always the same; `make fuzz` goes on with others for `FUZZ_SECONDS`.
A new reader is a function in `READERS` and its valid files in `seeds`.
"""
import dataclasses
import hashlib
import io
import json
import os
import shutil
import time
import zipfile
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from mutations import fuzz
from PIL import Image

from gluon_finetune.compat.imports import mx
from gluon_finetune.config import Config
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.image import read_pixels
from gluon_finetune.errors import UsageError
from gluon_finetune.files.archive import unpack
from gluon_finetune.files.json import read_json, read_json_as
from gluon_finetune.models.labels import _read_labels, check_labels
from gluon_finetune.models.params_file import read_params
from gluon_finetune.models.pytorch.files import load_torch_file
from gluon_finetune.runs.checkpoint import Checkpoint
from gluon_finetune.runs.manifest import Manifest
from gluon_finetune.runs.snapshots import Snapshot
from gluon_finetune.runs.state import State
from gluon_finetune.training.history import History, Record
from gluon_finetune.training.metrics import Position

pytestmark = [pytest.mark.faults, pytest.mark.filterwarnings('ignore')]


def read_archive(path):
    try:
        unpack(path, path + '.out')
    finally:
        around = os.path.dirname(path)
        assert set(os.listdir(around)) <= {os.path.basename(path), os.path.basename(path) + '.out'}
        shutil.rmtree(path + '.out', ignore_errors=True)


def read_image(path):
    pixels = read_pixels(path)
    assert pixels.ndim == 3 and pixels.dtype == np.uint8


def read_weights(path):
    assert all(isinstance(value, np.ndarray) for value in load_torch_file(path).values())


def read_config(path):
    assert isinstance(read_json_as(path, Config), Config)


def read_labels(path):
    assert check_labels(read_json(path), path)


def read_state(path):
    state = Checkpoint(SimpleNamespace(file=lambda name: path, sums=Counter())).state
    assert not state.history or state.history.best in state.history


def read_sums(path):
    Snapshot(os.path.dirname(path))


def read_history(path):
    repr(History.from_csv(path))


READERS = {   # name of a file -> what reads it, how many inputs each time
    'a.params': (read_params, 200), 'a.safetensors': (read_weights, 200),
    'a.pth': (read_weights, 150), 'config.json': (read_config, 200),
    'labels.json': (read_labels, 200), 'state.json': (read_state, 200),
    'SHA256SUMS': (read_sums, 100), 'history.csv': (read_history, 200),
    'pictures.csv': (Manifest.from_csv, 150), 'source.labels.json': (_read_labels, 100),
    'split.json': (None, 60), 'a.zip': (read_archive, 150), 'a.jpg': (read_image, 100),
    'a.png': (read_image, 100), 'a.gif': (read_image, 100), 'a.tif': (read_image, 100),
    'a.webp': (read_image, 100), 'a.bmp': (read_image, 50)}


def seeds(name, tmp_path):
    """Valid files of the kind that is called `name`."""
    kind = name.rpartition('.')[2]
    if kind in ('jpg', 'png', 'gif', 'tif', 'webp', 'bmp'):
        return list(images({'jpg': 'JPEG', 'tif': 'TIFF'}.get(kind, kind.upper())))
    makers = {'params': params, 'safetensors': safetensors, 'pth': pth, 'zip': zips,
              'json': None}
    if kind == 'json':
        return [json.dumps(value).encode() for value in VALUES[name]]
    if name in TEXTS:
        return [TEXTS[name].encode()]
    made = []
    for number, make in enumerate(makers[kind]()):
        path = tmp_path / f'{number}.{kind}'
        make(str(path))
        made.append(path.read_bytes())
    return made


RECORD = Record(1, 0.7, 0.5, 0.6, 100.0, 2.0, 0.01)
STATE = State(0.1, Position(2, 3, 24, 1.5, 7.0, 2.5), History([RECORD]), 1, 0,
              {'a.jpg': 'is empty'})
TEXTS = {
    'history.csv': '\r\n'.join(','.join(map(str, row)) for row in zip(*RECORD.measured().items())),
    'pictures.csv': Manifest({('train', 'a', 'train/a/1.jpg'): '0f' * 32, ('test', 'b', '2'): ''}
                            ).to_csv().decode(),
    'SHA256SUMS': f'{hashlib.sha256().hexdigest()}  empty\n'}
VALUES = {
    'state.json': [{'state': STATE.to_json(), 'best': 'best.params',
                    'identity': {'config': {}, 'source': None, 'pictures': None}}],
    'config.json': [dataclasses.asdict(Config()), {'network': 'resnet18_v2', 'seed': None}, {}],
    'labels.json': [['hotdog', 'not-hotdog'], ['café', 'a', 'b', 'c']],
    'source.labels.json': [['a', 'b'], [{'wnid': 'n07697537', 'name': 'hotdog'}, {'name': 'b'}]],
    'split.json': [{'seed': 0, 'test_fraction': 0.2,
                    'train': [f'{name}/{i}.jpg' for name in ('bench', 'sofa', 'stool')
                              for i in range(4)],
                    'test': ['bench/7.jpg', 'sofa/7.jpg']}]}


def images(kind):
    colours = np.random.RandomState(0).randint(0, 255, (12, 16, 3)).astype('uint8')
    for image in (Image.fromarray(colours), Image.fromarray(colours[:, :, 0])):
        exif = Image.Exif()
        exif[0x0112] = 6
        file = io.BytesIO()
        image.save(file, kind, **({} if kind in ('GIF', 'BMP') else {'exif': exif.tobytes()}))
        yield file.getvalue()


ARRAYS = {'features.0.weight': np.arange(12, dtype='float32').reshape(3, 4),
          'b': np.ones((2, 1, 1, 5), 'float16'), 'c': np.array([7, -1], 'int64')}


def params():
    yield lambda path: mx.nd.save(path, {name: mx.nd.array(value, dtype=value.dtype)
                                         for name, value in ARRAYS.items()})


def safetensors():
    from safetensors.numpy import save_file
    yield lambda path: save_file(ARRAYS, path, metadata={'format': 'pt'})


def pth():
    torch = pytest.importorskip('torch', reason='reads PyTorch files, and it is not installed')
    tensors = {name: torch.from_numpy(value) for name, value in ARRAYS.items()}
    for zipped in (True, False):
        yield lambda path, zipped=zipped: torch.save(
            {'epoch': 1, 'state_dict': tensors}, path, _use_new_zipfile_serialization=zipped)


FILES = {'hotdog/train/a/1.jpg': b'one', 'hotdog/test/café/2.jpg': b'two' * 300, 'hotdog/x': b''}


def zips():
    def make(path, kind):
        with zipfile.ZipFile(path, 'w', kind) as file:
            file.writestr('hotdog/', '')
            for name, content in FILES.items():
                file.writestr(name, content)
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield lambda path, kind=kind: make(path, kind)


@pytest.fixture
def reader(request, tmp_path, chairs):
    """Reads the kind of file that the test is for."""
    def read_split_of_chairs(path):
        ImageFolders(str(chairs / 'train'), split=path)
    return READERS[request.param][0] or read_split_of_chairs


every_reader = pytest.mark.parametrize('reader, name', [(name, name) for name in READERS],
                                       indirect=['reader'], ids=list(READERS))


def where(tmp_path, name):
    (tmp_path / 'here').mkdir()
    if name == 'SHA256SUMS':
        (tmp_path / 'here' / 'empty').touch()
    return str(tmp_path / 'here' / name)


@every_reader
def test_damage_leads_to_an_error_or_to_nothing(reader, name, tmp_path):
    whole, path = seeds(name, tmp_path), where(tmp_path, name)
    for content in whole:
        with open(path, 'wb') as file:
            file.write(content)
        reader(path)   # undamaged, it is read
    outcomes = fuzz(reader, whole, path, READERS[name][1])
    assert outcomes['refused'] > 10


@pytest.mark.slow
@every_reader
def test_for_a_long_time(reader, name, tmp_path):
    whole, path, outcomes = seeds(name, tmp_path), where(tmp_path, name), Counter()
    end = time.monotonic() + int(os.environ.get('FUZZ_SECONDS', 120)) / len(READERS)
    seed = int(os.environ.get('FUZZ_SEED', 0))
    while time.monotonic() < end:
        seed += 1
        outcomes += fuzz(reader, whole, path, 200, seed)
    print(f'\n{name}: {dict(outcomes)}')
    assert outcomes['refused']


def test_fuzzing_can_fail(tmp_path):
    def careless(path):
        with open(path, 'rb') as file:
            content = file.read()
        if len(content) < 3:
            raise UsageError('too short')
        content.decode('ascii')
    with pytest.raises(UnicodeDecodeError):
        fuzz(careless, [b'some text'], str(tmp_path / 'a'), 200)
