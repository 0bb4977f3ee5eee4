"""Setup of a training: data, network, loss and trainer."""
from __future__ import annotations

import contextlib
import io
from typing import Any, Sequence, Tuple, Union

import numpy as np

from ..compat.gluon import devices_of
from ..compat.imports import array, move, mx
from ..config import Config
from ..data.folders import ImageFolders
from ..data.loader import ImageLoader, load_data
from ..errors import UsageError
from ..models.freeze import first_learning
from ..models.graphs import in_precision
from ..models.input_sizes import explain_refusal
from ..models.labels import note_classes
from ..types import Device, Net, Trainer
from .feature_cache import FeatureLoader, cache_features

Loss = Any   # mx.gluon.loss.Loss
Loader = Union[ImageLoader, FeatureLoader]
Setup = Tuple[Net, Loader, Loader, Loss, Trainer]


def set_up(net: Net, config: Config, folders: ImageFolders, devices: Sequence[Device],
           progress: bool = True) -> Setup:
    """Return `(net, train_iter, test_iter, loss, trainer)` for the training loop.

    `test_iter` has the images that each epoch is evaluated on, `folders.eval_part`. The returned
    net shares the weights of `net` and computes in the precision of `config`. Where features are
    frozen and cached, it is the part that learns, and the loaders return its inputs.
    """
    train_iter, test_iter = load_data(
        folders, config.batch_size, config.image_size, min_area=config.min_area,
        num_workers=config.num_workers, cache=config.cache, cache_limit=config.cache_limit,
        on_bad=config.on_bad, chapter_batches=config.chapter_batches,
        eval_part=folders.eval_part)
    loss, trainer = prepare(net, config, len(folders.classes), devices)
    note_classes(net, folders.classes)
    net.background = folders.train.background   # `Predictor` uses it
    part = first_learning(net) if config.views else None
    if part:
        cached = cache_features(net, part, train_iter, test_iter, config, devices, progress)
        if cached:
            return (*cached, loss, trainer)
    computing = net if config.dtype == 'float32' else in_precision(net, config.dtype)
    return computing, train_iter, test_iter, loss, trainer


def prepare(net: Net, config: Config, num_classes: int,
            devices: Sequence[Device]) -> tuple[Loss, Trainer]:
    """Check the outputs of `net`, move it to `devices`, and return loss and trainer."""
    check_output(net, config.image_size, num_classes)
    net.image_size = config.image_size   # `Predictor` uses it
    move(net, devices)
    net.hybridize(static_alloc=True, static_shape=True)
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {
        'learning_rate': config.learning_rate, 'wd': config.wd})
    return loss, trainer


def check_output(net: Net, image_size: int, num_classes: int) -> None:
    """Check that `net` takes images of this size and returns `num_classes` numbers for each.

    Raises:
        UsageError: It does not.
    """
    X = array(np.zeros((1, 3, image_size, image_size)), dtype='float32', ctx=devices_of(net)[0])
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # MXNet prints what it then raises
            outputs = net(X).asnumpy().shape[1]
    except (mx.MXNetError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise UsageError(explain_refusal(net, image_size, error)) from None
    if outputs != num_classes:
        raise UsageError(f'the net has {outputs} outputs and the data {num_classes} classes: make '
                         f'the net with finetune_net(source, classes=folders.classes)')
