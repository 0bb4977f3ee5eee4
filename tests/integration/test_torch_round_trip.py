"""A torchvision state dict, fine-tuned and exported, predicts the same in torchvision."""
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

# In another process: predictions for the Predictor's tensors, then for the files themselves.
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
    of_tensors = model(torch.from_numpy(np.load(sys.argv[2])))
    of_files = torch.cat([model(load_image(path)) for path in sys.argv[4:]])
np.savez(sys.argv[3], of_tensors=of_tensors.numpy(), of_files=of_files.numpy())
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
    folders.train = folders.train.subset(folders.train.items[::4])  # enough to learn the classes
    config = Config(source=source, image_size=64, batch_size=16, num_epochs=1, learning_rate=0.02,
                    lr_mult=1)
    net, run = start_run(str(tmp_path / 'run'), config, folders)
    list(train_run(net, run, folders, progress=False))
    out = export_torch(run.path)

    predictor = Predictor.load(run.path)
    paths = [path for path, _ in folders.test.items]
    X = np.stack([predictor.augs(image).asnumpy() for image, _ in folders.test])
    mxnet = np.concatenate([predict_probabilities(predictor.net, array(part))
                            for part in np.split(X, 8)])
    np.save(tmp_path / 'X.npy', X)
    subprocess.run([sys.executable, '-c', PREDICT, out, str(tmp_path / 'X.npy'),
                    str(tmp_path / 'torch.npz'), *paths], check=True,
                   env={**os.environ, 'PYTHONPATH': os.getcwd()})

    outputs, margin = np.load(tmp_path / 'torch.npz'), abs(mxnet[:, 0] - mxnet[:, 1])
    agree = outputs['of_tensors'].argmax(axis=1) == mxnet.argmax(axis=1)
    assert len(paths) == 400 and agree[margin > 1e-5].all()
    # PyTorch resizes the files itself, and rounds a few grey levels differently.
    agree = outputs['of_files'].argmax(axis=1) == mxnet.argmax(axis=1)
    assert agree[margin > 0.01].all()
    assert 0.05 < mxnet.argmax(axis=1).mean() < 0.95, 'a net that predicts one class proves nothing'
