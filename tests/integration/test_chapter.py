"""The chapter's MXNet cells run unchanged with `gluon_finetune` as their `d2l`."""
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gluon_finetune.synthetic.dataset import draw_hotdogs

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

# Replaces the library d2l and the model zoo's server, and records the results of train_ch13.
BEFORE = '''
import hashlib, os, sys, types
import gluon_finetune
from mxnet.gluon.model_zoo import model_store, vision
import mxnet

d2l = types.ModuleType('d2l')
d2l.mxnet = gluon_finetune
sys.modules['d2l'] = d2l
histories = []
train_ch13 = gluon_finetune.train_ch13
gluon_finetune.train_ch13 = lambda *args: histories.append(train_ch13(*args))

source = vision.resnet18_v2(classes=1000)
source.initialize(mxnet.init.Xavier())
source(mxnet.nd.zeros((1, 3, 224, 224)))
models = os.path.join(os.environ['MXNET_HOME'], 'models')
os.makedirs(models)
source.save_parameters('source.params')
with open('source.params', 'rb') as file:
    model_store._model_sha1['resnet18_v2'] = hashlib.sha1(file.read()).hexdigest()
os.rename('source.params', f'{models}/resnet18_v2-{model_store.short_hash("resnet18_v2")}.params')
'''

# With the chapter's batch size of 128, 16 images are one batch; this trains with three, then
# downloads the images by DATA_HUB.
AFTER = '''
import json
train_fine_tuning(scratch_net, 0.1, batch_size=6, num_epochs=1)
del os.environ['GLUON_FINETUNE_DATA']
d2l.DATA_HUB['hotdog'] = (sys.argv[1], sys.argv[2])
from_hub = d2l.download_extract('hotdog')
print(json.dumps({
    'epochs': [len(history) for history in histories],
    'finite': [bool(np.isfinite(record.loss)) for history in histories for record in history],
    'accuracies': [record.test_acc for history in histories for record in history],
    'images': [len(gluon.data.vision.ImageFolderDataset(os.path.join(from_hub, part)))
               for part in ('train', 'test')],
    'row': list(hotdog_w.shape),
    'frozen': {p.grad_req for p in finetune_net.features.collect_params().values()} == {'null'},
    'numpy mode': npx.is_np_array()}))
'''


@pytest.fixture(scope='module')
def cells(shared):
    chapter = shared / 'chapter' / 'fine-tuning.fr.md'
    if not chapter.exists():
        pytest.skip('no copy of the chapter at ../shared/chapter')
    text = chapter.read_text('utf-8')
    blocks = re.findall(r'^```\{\.python \.input\}\n(.*?)^```', text, re.M | re.S)
    cells = [cell for cell in blocks if re.match(r'#@tab (mxnet|all)\n', cell)]
    return [re.sub(r'^%.*\n', '', cell, flags=re.M) for cell in cells]  # without notebook magics


@pytest.fixture
def archive(tmp_path):
    root = Path(draw_hotdogs(tmp_path / 'synthetic' / 'hotdog', train=8, test=2, size=64))
    with zipfile.ZipFile(tmp_path / 'hotdog.zip', 'w') as file:
        for path in root.rglob('*.jpg'):
            file.write(path, path.relative_to(root.parent))
    return tmp_path / 'hotdog.zip'


def test_the_cells_run_unchanged(cells, archive, tmp_path):
    script = tmp_path / 'chapter.py'
    script.write_text('\n'.join([BEFORE, *cells, AFTER]), 'utf-8')
    project = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, str(script), str(archive), hashlib.sha1(archive.read_bytes()).hexdigest()],
        cwd=str(tmp_path), capture_output=True, text=True, env={
            **os.environ, 'PYTHONPATH': project, 'MPLBACKEND': 'Agg',
            'GLUON_FINETUNE_DATA': str(archive), 'GLUON_FINETUNE_CACHE': str(tmp_path / 'cache'),
            'MXNET_HOME': str(tmp_path / 'home')})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(cells) == 13
    assert found['epochs'] == [5, 5, 1]
    assert all(found['finite']) and all(0 <= accuracy <= 1 for accuracy in found['accuracies'])
    assert found['images'] == [16, 4]
    assert found['row'] == [1, 512]
    assert found['frozen'] and found['numpy mode']
