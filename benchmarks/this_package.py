"""Sides of gluon_finetune; a function that a version lacks is reported as not available."""
import inspect
import itertools
import operator
import os
import time

import numpy as np
from side import NotAvailable


def package(function=None, options=()):
    """Return gluon_finetune; raise `NotAvailable` unless `function`, a name, has `options`."""
    import gluon_finetune as gf
    reason = function and lacking(function, *options)
    if reason:
        raise NotAvailable(reason)
    return gf


def lacking(function, *options):
    """Return which function or options this gluon_finetune lacks, in words, or None."""
    import gluon_finetune as gf
    try:
        found = operator.attrgetter(function)(gf)
    except AttributeError:
        return f'this gluon_finetune has no {function}'
    known = {**inspect.signature(found).parameters, **vars(getattr(gf, 'Config', object))}
    missing = [name for name in options if name not in known]   # Config's are keywords, too
    return f'this {function} has no option {", ".join(missing)}' if missing else None


def draw(root, train, test, size):
    """Return a side that makes synthetic images."""
    from gluon_finetune.synthetic.dataset import draw_hotdogs

    def work():
        draw_hotdogs(root, train, test, size)
        return {}
    return work


def training(network, batch_size, image_size, epochs=1, freeze=False, **options):
    """Return a side: `train_fine_tuning` with `options` on a folder of images with a new net."""
    gf = package('train_fine_tuning', options)
    check(options.get('dtype', 'float32'))

    def work(data):
        folders = gf.ImageFolders(data)
        net = gf.scratch_net(network, folders.classes)
        if freeze:
            gf.freeze_features(net)
        began = time.perf_counter()
        history = gf.train_fine_tuning(net, 0.01, batch_size, epochs, data=folders,
                                       image_size=image_size, progress=False, **options)
        call, examples = time.perf_counter() - began, len(folders.train) * epochs
        return {'images_per_second': examples / sum(record.seconds for record in history),
                'call_seconds': call, 'call_images_per_second': examples / call}
    return work


def training_of(data, **options):
    """Return the side `training` for the images in `data`."""
    work = training(**options)
    return lambda: work(data)


def step(network, batch_size, image_size, steps, dtype='float32'):
    """Return a side: the package's loop over batches in memory."""
    gf = package()
    from gluon_finetune.compat.imports import mx
    from gluon_finetune.models.graphs import in_precision
    check(dtype)
    X, y = random_batch(mx.nd, batch_size, image_size)
    net = gf.scratch_net(network, 2)
    net(X[:1])
    net.hybridize(static_alloc=True, static_shape=True)
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 1e-3, 'wd': 1e-3})
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    computing = net if dtype == 'float32' else in_precision(net, dtype)

    def work():
        history = gf.train_ch13(computing, [(X, y)] * steps, [(X[:1], y[:1])], loss, trainer, 1,
                                progress=False)
        return {'images_per_second': history[0].examples_per_sec}
    return work


def check(dtype):
    """Raise `NotAvailable` if this CPU does not compute in `dtype`."""
    gf = package()
    from gluon_finetune.training.devices import check_dtype
    try:
        check_dtype(dtype, gf.try_all_gpus())
    except gf.UsageError as error:
        raise NotAvailable(str(error)) from None


def random_batch(module, batch_size, image_size):
    """Return (X, y) of one batch, as arrays of `module`."""
    random = np.random.RandomState(0)
    X = random.randn(batch_size, 3, image_size, image_size).astype('float32')
    return module.array(X), module.array(random.randint(0, 2, batch_size), dtype='int32')


def make_run(data, path, network, source, image_size, epochs):
    """Return a side that trains a run directory for predictions."""
    gf = package()

    def work():
        folders = gf.ImageFolders(data)
        config = gf.Config(network=None if source else network, source=source, seed=0,
                           scratch=source is None, num_epochs=epochs, batch_size=32,
                           image_size=image_size)
        net, run = gf.start_run(path, config, folders)
        for _ in gf.train_run(net, run, folders, progress=False):
            pass
        return {}
    return work


def predict(run, data, batch_size, image_size, steps, dtype='float32'):
    """Return a side: a `Predictor` on one batch repeatedly, then on every test image."""
    gf = package('Predictor.load', () if dtype == 'float32' else ['dtype'])
    from gluon_finetune.compat.imports import mx
    check(dtype)
    folders = gf.ImageFolders(data)
    if dtype == 'int8' and not os.path.exists(os.path.join(run, 'int8')):
        gf.export_int8(run, folders)
    predictor = gf.Predictor.load(run, **{} if dtype == 'float32' else {'dtype': dtype})
    X, _ = random_batch(mx.nd, batch_size, image_size)
    paths, labels = zip(*folders.test.items)

    def work():
        began = time.perf_counter()
        for _ in range(steps):
            predictor.computing(X).wait_to_read()
        seconds, began = time.perf_counter() - began, time.perf_counter()
        best = predictor.probabilities(paths).argmax(axis=1)
        return {'images_per_second': steps * batch_size / seconds,
                'files_per_second': len(paths) / (time.perf_counter() - began),
                'accuracy': float((best == np.array(labels)).mean())}
    return work


def loader(batch_size, image_size, workers):
    """Return a side: one pass over the training batches of `load_data`."""
    gf = package()
    from gluon_finetune.compat.imports import mx

    def work(data):
        folders = gf.ImageFolders(data)
        for X, _ in gf.load_data(folders, batch_size, image_size, num_workers=workers)[0]:
            X.wait_to_read()
        mx.nd.waitall()
        return {'images': len(folders.train)}
    return work


def draw_kind(root, kind, count):
    """Return a side that makes `count` training images per class, 'large' or 'small'."""
    from PIL import Image

    from gluon_finetune.synthetic.dataset import HOTDOG_CLASSES, draw_image

    def work():
        random = np.random.default_rng(0)
        for name, number in itertools.product(HOTDOG_CLASSES, range(count + 1)):
            folder = os.path.join(root, 'train' if number < count else 'test', name)
            os.makedirs(folder, exist_ok=True)
            image = draw_image(HOTDOG_CLASSES[name][0], 96, number)
            if kind == 'small':
                image.save(os.path.join(folder, f'{number}.png'))
                continue
            # Without sensor noise the file would have a tenth of a photograph's size.
            pixels = np.asarray(image.resize((4000, 3000), Image.BICUBIC), 'float32')
            pixels += random.standard_normal(pixels.shape[:2] + (1,), 'float32') * 5
            Image.fromarray(pixels.clip(0, 255).astype('uint8')).save(
                os.path.join(folder, f'{number}.jpg'), quality=90)
        return {}
    return work
