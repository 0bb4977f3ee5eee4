"""A state dict of torchvision is fine-tuned here and answers the same in torchvision again."""
import os
import subprocess
import sys

import numpy as np
import pytest

from gluon_finetune.compat.imports import array
from gluon_finetune.config import Config
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.export.pytorch import export_torch
from gluon_finetune.models.pytorch.bridge import torch_net
from gluon_finetune.results.predict import Predictor
from gluon_finetune.runs.train import start_run, train_run
from gluon_finetune.training.evaluate import predict_probabilities

# A process of its own: the tensors that the net here saw, then the files as load_model reads them.
PREDICT = '''
import sys
import numpy as np
from gluon_finetune.models.pytorch.imports import torchvision
torchvision()
import torch
sys.path.insert(0, sys.argv[1])
from load_model import load_model, load_image
model = load_model()
with torch.no_grad():
    strict = model(torch.from_numpy(numpy.load(sys.argv[2])))
    loose = torch.cat([model(load_image(path)) for path in sys.argv[4:]])
numpy.savez(sys.argv[3], strict=strict.numpy(), loose=loose.numpy())
'''


@pytest.mark.parity
@pytest.mark.realdata
@pytest.mark.slow
def test_same_predictions_on_400_photographs(hotdog_root, tmp_path):
    torch = pytest.importorskip('torch')
    torch.manual_seed(0)
    source = str(tmp_path / 'resnet18-mine.pth')
    torch.save(torch_net('resnet18').state_dict(), source)
    folders = ImageFolders(str(hotdog_root))
    folders.train = folders.train.subset(folders.train.items[::4])  # enough to tell classes apart
    config = Config(source=source, image_size=64, batch_size=16, num_epochs=1, learning_rate=0.02,
                    lr_mult=1)
    net, run = start_run(str(tmp_path / 'run'), config, folders)
    list(train_run(net, run, folders, progress=False))
    out = export_torch(run.path)

    predictor = Predictor.load(run.path)
    paths = [path for path, _ in folders.test.items]
    X = np.stack([predictor.augs(image).asnumpy() for image, _ in folders.test])
    here = np.concatenate([predict_probabilities(predictor.net, array(part))
                              for part in np.split(X, 8)])
    np.save(tmp_path / 'X.npy', X)
    subprocess.run([sys.executable, '-c', PREDICT, out, str(tmp_path / 'X.npy'),
                    str(tmp_path / 'there.npz'), *paths], check=True,
                   env={**os.environ, 'PYTHONPATH': os.getcwd()})

    there, margin = np.load(tmp_path / 'there.npz'), abs(here[:, 0] - here[:, 1])
    agree = there['strict'].argmax(axis=1) == here.argmax(axis=1)
    assert len(paths) == 400 and agree[margin > 1e-5].all()
    # Decoded and resized by PyTorch itself: a grey level here and there is rounded the other way.
    agree = there['loose'].argmax(axis=1) == here.argmax(axis=1)
    assert agree[margin > 0.01].all()
    assert 0.05 < here.argmax(axis=1).mean() < 0.95, 'one class for all would prove nothing'
