"""Fine-tuning as the chapter calls it: brings data, network and trainer together for the loop."""
import contextlib
import io

import numpy

from ..compat import array, move, mx
from ..compat_gluon import devices_of
from ..config import Config
from ..data.folders import hotdog
from ..data.loader import load_data
from ..errors import UsageError
from ..models.finetune import is_frozen
from ..models.graphs import in_precision
from ..models.sizes import explain_refusal
from .devices import check_dtype, try_all_gpus
from .frozen import keep_features
from .loop import seed_everything, train_ch13


def train_fine_tuning(net, learning_rate, batch_size=128, num_epochs=5, *, data=None, devices=None,
                      image_size=224, wd=0.001, min_area=0.08, seed=None, num_workers=1,
                      cache=None, dtype='float32', views=1, progress=True):
    """Trains `net` on the folders `data` (default: the chapter's hot dogs); returns the `History`.

    `devices` default to every GPU, or the CPU; `min_area` is the smallest share of a picture that a
    crop keeps; `num_workers` and `cache` as in `load_data`; `dtype` is what layers compute in,
    'bfloat16' on a CPU with AVX-512 and 'float16' on a GPU, while the weights stay float32. The
    frozen features of `views` random crops of each picture are computed once; with 0 each epoch
    computes those of new crops. With a `seed` the same call gives the same result on the same
    machine. Everything is checked before the first batch: raises `UsageError` for a number that
    cannot work, pictures that cannot be decoded, or a net with another number of classes;
    `Diverged` when the loss is not finite. Source: the chapter, "Fine-tuning the model".
    """
    config = Config(learning_rate=learning_rate, batch_size=batch_size, num_epochs=num_epochs,
                    wd=wd, image_size=image_size, min_area=min_area, seed=seed,
                    num_workers=num_workers, cache=cache, dtype=dtype, views=views)
    folders = hotdog() if data is None else data
    devices = devices or try_all_gpus()
    check_dtype(dtype, devices)
    refuse_bad_pictures(folders, progress)
    seed_everything(seed)
    return train_ch13(*set_up(net, config, folders, devices, progress), num_epochs, devices,
                      seed=seed, progress=progress)


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
        kept = keep_features(net, train_iter, test_iter, config, devices, progress)
        if kept:
            return (*kept, loss, trainer)
    computing = net if config.dtype == 'float32' else in_precision(net, config.dtype)
    return computing, train_iter, test_iter, loss, trainer


def prepare(net, config, num_classes, devices):
    """Checks that pictures go through `net`, moves it to `devices`, returns loss and trainer."""
    check_output(net, config.image_size, num_classes)
    move(net, devices)
    net.hybridize(static_alloc=True, static_shape=True)
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {
        'learning_rate': config.learning_rate, 'wd': config.wd})
    return loss, trainer


def check_output(net, image_size, num_classes):
    """Raises `UsageError` unless `net` turns such a picture into `num_classes` numbers."""
    X = array(numpy.zeros((1, 3, image_size, image_size)), dtype='float32',
              ctx=devices_of(net)[0])
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # MXNet prints what it then raises
            outputs = net(X).asnumpy().shape[1]
    except (mx.MXNetError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise UsageError(explain_refusal(net, image_size, error)) from None
    if outputs != num_classes:
        raise UsageError(f'the net has {outputs} outputs and the data {num_classes} classes: make '
                         f'the net with finetune_net(source, classes=folders.classes)')


def refuse_bad_pictures(folders, progress=True):
    """Raises `UsageError` when a picture of `folders` cannot be used, naming the first three."""
    bad = folders.check(progress=progress)
    if bad:
        named = '; '.join(f'{picture.path}: {picture.reason}' for picture in bad[:3])
        more = f'; and {len(bad) - 3} more' if len(bad) > 3 else ''
        count = f'{len(bad)} picture{"s" * (len(bad) > 1)}'
        raise UsageError(f'{count} cannot be used ({named}{more}): repair or remove what is named, '
                         f'or go without, by --skip-bad or folders.without(folders.check())')
