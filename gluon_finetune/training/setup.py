"""Sets up what the loop trains: network, data, loss and trainer."""
import contextlib
import io

import numpy as np

from ..compat.gluon import devices_of
from ..compat.imports import array, move, mx
from ..data.loader import load_data
from ..errors import UsageError
from ..models.freeze import is_frozen
from ..models.graphs import in_precision
from ..models.input_sizes import explain_refusal
from .feature_cache import cache_features


def set_up(net, config, folders, devices, progress=True):
    """What the loop trains: `(net, train_iter, test_iter, loss, trainer)`.

    `net` comes back as the block that computes it in the precision of `config`; if its features are
    frozen and are to be kept, as its output layer alone, with loaders that give kept features.
    """
    train_iter, test_iter = load_data(
        folders, config.batch_size, config.image_size, min_area=config.min_area,
        num_workers=config.num_workers, cache=config.cache, cache_limit=config.cache_limit,
        on_bad=config.on_bad)
    loss, trainer = prepare(net, config, len(folders.classes), devices)
    if config.views and is_frozen(net):
        kept = cache_features(net, train_iter, test_iter, config, devices, progress)
        if kept:
            return (*kept, loss, trainer)
    computing = net if config.dtype == 'float32' else in_precision(net, config.dtype)
    return computing, train_iter, test_iter, loss, trainer


def prepare(net, config, num_classes, devices):
    """Checks that images go through `net`, moves it to `devices`, returns loss and trainer."""
    check_output(net, config.image_size, num_classes)
    move(net, devices)
    net.hybridize(static_alloc=True, static_shape=True)
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {
        'learning_rate': config.learning_rate, 'wd': config.wd})
    return loss, trainer


def check_output(net, image_size, num_classes):
    """Raises `UsageError` unless `net` turns such an image into `num_classes` numbers."""
    X = array(np.zeros((1, 3, image_size, image_size)), dtype='float32',
              ctx=devices_of(net)[0])
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # MXNet prints what it then raises
            outputs = net(X).asnumpy().shape[1]
    except (mx.MXNetError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise UsageError(explain_refusal(net, image_size, error)) from None
    if outputs != num_classes:
        raise UsageError(f'the net has {outputs} outputs and the data {num_classes} classes: make '
                         f'the net with finetune_net(source, classes=folders.classes)')
