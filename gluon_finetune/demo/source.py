"""The source network of the demo, pretrained on synthetic images and cached."""
from __future__ import annotations

import dataclasses
import glob
import hashlib
import inspect
import os
import tempfile

from ..compat.imports import mx
from ..data.folders import ImageFolders
from ..data.loader import load_data
from ..files.cache_dir import cache_dir
from ..files.hashing import file_sha1
from ..files.json import write_json
from ..models.finetune import scratch_net
from ..synthetic import canvas, dataset, objects
from ..training.loop import seed_everything, train_ch13
from ..types import Net

NETWORK = 'resnet18_v2'
MIN_AREA = 0.4   # of random crops: a smaller part of a synthetic image seldom shows its object


@dataclasses.dataclass(frozen=True)
class Source:
    """The recipe of the source network; another recipe is another file in the cache."""

    image_size: int = 64          # a 12th of the work of 224, and enough for synthetic images
    images: int = 300             # per class
    num_epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 0.001  # of Adam, which gets further than SGD in so few epochs
    seed: int = 0


SOURCE = Source()


def pretrained_file(source: Source = SOURCE, progress: bool = True) -> str:
    """Return the cached file of the source network; make it if it is missing or corrupt.

    Its name is resnet18_v2-<recipe>-<content>.params: the SHA-1 of the recipe (the code that makes
    the images, `pretrain`, and the numbers of `source`) and of the file. The names of its classes
    are in the labels.json beside it.
    """
    stem = os.path.join(cache_dir(), f'{NETWORK}-{_recipe(source)}')
    for path in glob.glob(f'{glob.escape(stem)}-*.params'):
        if path == f'{stem}-{file_sha1(path)[:8]}.params':
            return path
        os.remove(path)
    os.makedirs(cache_dir(), exist_ok=True)
    net, classes = pretrain(source, progress)
    with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
        unfinished = os.path.join(folder, 'net.params')
        net.save_parameters(unfinished)
        finished = f'{stem}-{file_sha1(unfinished)[:8]}.params'
        write_json(finished[:-len('params')] + 'labels.json', classes)
        os.replace(unfinished, finished)
    return finished


def pretrain(source: Source, progress: bool = True) -> tuple[Net, list[str]]:
    """Train a network on synthetic images of `objects.SOURCE`; return it and its classes."""
    seed_everything(source.seed)
    with tempfile.TemporaryDirectory() as folder:
        folders = ImageFolders(dataset.draw_source(os.path.join(folder, 'source'), source.images,
                                                   seed=source.seed, progress=progress))
        train_iter, test_iter = load_data(folders, source.batch_size, source.image_size,
                                          min_area=MIN_AREA, chapter_batches=True)
        net = scratch_net(NETWORK, folders.classes)
        net.hybridize(static_alloc=True, static_shape=True)
        steps = source.num_epochs * len(train_iter)
        schedule = mx.lr_scheduler.CosineScheduler(
            steps, source.learning_rate, source.learning_rate / 100, steps // 10)
        trainer = mx.gluon.Trainer(net.collect_params(), 'adam', {'lr_scheduler': schedule})
        train_ch13(net, train_iter, test_iter, mx.gluon.loss.SoftmaxCrossEntropyLoss(), trainer,
                   source.num_epochs, progress=progress)
    return net, folders.classes


def _recipe(source: Source) -> str:
    code = ''.join(inspect.getsource(part) for part in (canvas, objects, dataset, pretrain))
    return hashlib.sha1(f'{source}{MIN_AREA}{code}'.encode()).hexdigest()[:8]
