"""The chapter's four steps on drawn images; knows no download and needs none."""
import dataclasses
import glob
import hashlib
import inspect
import itertools
import os
import random
import tempfile
import time

from .compat.imports import mx
from .data.folders import ImageFolders
from .data.image import read_image
from .data.loader import load_data
from .files.cache_dir import cache_dir
from .files.hashing import file_sha1
from .files.json import write_json
from .models.finetune import finetune_net, scratch_net
from .results.plot import plot_comparison, plot_predictions
from .results.predict import Predictor
from .runs.directory import check_free
from .synthetic import canvas, dataset, objects
from .training.fine_tuning import train_fine_tuning
from .training.loop import seed_everything, train_ch13

NETWORK = 'resnet18_v2'
MIN_AREA = 0.4   # of random crops: a smaller piece of a drawing seldom shows what it is of
DEFAULT_OUT = 'gluon-finetune-demo'


@dataclasses.dataclass(frozen=True)
class Source:
    """How the source network is made; another recipe is another file in the cache."""
    image_size: int = 64          # a 12th of the work of 224, and enough for drawings
    images: int = 300           # of each class
    num_epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 0.001  # of Adam, which gets further than SGD in so few epochs
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Target:
    """The small data set of step 4 and how it is trained on."""
    train: int = 250              # of each class
    test: int = 100
    num_epochs: int = 5
    batch_size: int = 16          # of so few images the chapter's 128 would be too few steps
    learning_rate: float = 0.003  # smaller than the chapter's, like the batches
    scratch_learning_rate: float = 0.1


# to see that everything runs; learns nothing
QUICK = {'source': Source(32, 4, 1), 'target': Target(8, 8, 2, 8)}


def run(out=None, seed=0, progress=True, source=Source(), target=Target()):
    """Runs the four steps, writes into the new folder `out` and returns what happened, as a dict.

    Keys: `out`, `source_file`, `seconds` (of the whole run), `source_seconds` (of them for the
    source network, hardly any where the cache had it), `fine_tuned` and `scratch` (`History`),
    `test_images` (their number), `sentence`. The folder gets `hotdog/` (the images),
    `curves.png`, `predictions.png` and the histories as tables. `out` defaults to the first of
    gluon-finetune-demo, gluon-finetune-demo-2 ... that is free. Raises `UsageError` where `out`
    has something in it.
    """
    began = time.perf_counter()
    out = new_folder(out)
    folders = ImageFolders(dataset.draw_hotdogs(
        os.path.join(out, 'hotdog'), target.train, target.test, seed=seed, progress=progress))

    # 1. Pretrain the source network on the source data set (once: the cache keeps it).
    source_began = time.perf_counter()
    source_file = pretrained_file(source, progress)
    source_seconds = time.perf_counter() - source_began

    # 2. Copy its features into a new network. 3. Give that a new output layer.
    seed_everything(seed)
    net = finetune_net(source_file, folders.classes)
    twin = scratch_net(NETWORK, folders.classes)

    # 4. Train it on the target data set; and its twin, which starts from nothing.
    options = dict(data=folders, image_size=source.image_size, min_area=MIN_AREA, seed=seed,
                   progress=progress)
    fine_tuned = train_fine_tuning(net, target.learning_rate, target.batch_size,
                                   target.num_epochs, **options)
    scratch = train_fine_tuning(twin, target.scratch_learning_rate, target.batch_size,
                                target.num_epochs, **options)

    _write_results(out, folders, Predictor(net, folders.classes, source.image_size),
                   fine_tuned, scratch)
    return {'out': out, 'source_file': source_file, 'source_seconds': source_seconds,
            'fine_tuned': fine_tuned, 'scratch': scratch, 'test_images': len(folders.test),
            'sentence': verdict(fine_tuned, scratch, len(folders.test)),
            'seconds': time.perf_counter() - began}


# 1. the source network

def pretrained_file(source=Source(), progress=True):
    """File in the cache with the source network, made where it is missing, damaged or out of date.

    Its name is resnet18_v2-<recipe>-<contents>.params: SHA-1 of how it is made (the drawing code,
    `pretrain` and the numbers of `source`) and of the file. Its classes' names lie beside it.
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


def pretrain(source, progress=True):
    """A network trained on drawn images of `objects.SOURCE`, and the names of their classes."""
    seed_everything(source.seed)
    with tempfile.TemporaryDirectory() as folder:
        folders = ImageFolders(dataset.draw_source(os.path.join(folder, 'source'), source.images,
                                                 seed=source.seed, progress=progress))
        train_iter, test_iter = load_data(folders, source.batch_size, source.image_size,
                                          min_area=MIN_AREA)
        net = scratch_net(NETWORK, folders.classes)
        net.hybridize(static_alloc=True, static_shape=True)
        steps = source.num_epochs * len(train_iter)
        trainer = mx.gluon.Trainer(net.collect_params(), 'adam', {
            'lr_scheduler': mx.lr_scheduler.CosineScheduler(
                steps, source.learning_rate, source.learning_rate / 100, steps // 10)})
        train_ch13(net, train_iter, test_iter, mx.gluon.loss.SoftmaxCrossEntropyLoss(), trainer,
                   source.num_epochs, progress=progress)
    return net, folders.classes


def _recipe(source):
    code = ''.join(inspect.getsource(part) for part in (canvas, objects, dataset, pretrain))
    return hashlib.sha1(f'{source}{MIN_AREA}{code}'.encode()).hexdigest()[:8]


# the outcome

def report(result):
    """What `run` returned as text for people: table, sentence, files."""
    out = result['out']
    return '\n'.join([
        '', table(result['fine_tuned'], result['scratch']), '', result['sentence'], '',
        f'curves       {os.path.join(out, "curves.png")}',
        f'predictions  {os.path.join(out, "predictions.png")}',
        f'images     {os.path.join(out, "hotdog")}',
        f'source net   {result["source_file"]} (kept for the next run)',
        f'{result["seconds"]:.0f} s in all, {result["source_seconds"]:.0f} s for the source net'])


def table(fine_tuned, scratch):
    """The two histories side by side, as lines of text."""
    lines = ['            fine-tuned                   from scratch',
             'epoch   loss  train acc  test acc    loss  train acc  test acc']
    for one, other in zip(fine_tuned, scratch):
        lines.append(f'{one.epoch:5}' + ''.join(
            f'{record.loss:7.3f}  {record.train_acc:9.3f}  {record.test_acc:8.3f} '
            for record in (one, other)).rstrip())
    return '\n'.join(lines)


def verdict(fine_tuned, scratch, test_images):
    """One sentence that is true of these two histories, `test_images` being the number of both.

    Accuracies nearer than twice the standard error of their difference are not called different.
    """
    one, other = fine_tuned[-1].test_acc, scratch[-1].test_acc
    error = ((one * (1 - one) + other * (1 - other)) / test_images) ** .5
    after = f'{len(fine_tuned)} epoch{"s" * (len(fine_tuned) > 1)}'
    facts = (f'After {after} the fine-tuned net names {one:.1%} of the {test_images} test '
             f'images correctly, its twin from scratch {other:.1%}')
    if abs(one - other) <= 2 * error:
        return f'{facts}: too near to each other for so few images to tell which one is better.'
    if one < other:
        return f'{facts}: in this run fine-tuning lost by {100 * (other - one):.1f} points.'
    return f'{facts}: fine-tuning is ahead by {100 * (one - other):.1f} points.'


def _write_results(out, folders, predictor, fine_tuned, scratch):
    histories = {'fine-tuned': fine_tuned, 'from scratch': scratch}
    for name, history in histories.items():
        history.to_csv(os.path.join(out, f'{name.replace(" ", "-")}.csv'))
    plot_comparison(histories, os.path.join(out, 'curves.png'))
    items = random.Random(0).sample(folders.test.items, min(24, len(folders.test)))
    imgs = [read_image(path) for path, _ in items]
    plot_predictions(imgs, [folders.classes[label] for _, label in items], predictor(imgs),
                     path=os.path.join(out, 'predictions.png'))


def new_folder(out=None):
    """Makes the folder `out`, or gluon-finetune-demo, or the first of -2, -3 ... that is free."""
    if out is None:
        names = itertools.chain([DEFAULT_OUT], (f'{DEFAULT_OUT}-{i}' for i in itertools.count(2)))
        out = next(name for name in names if not os.path.lexists(name))
    check_free(out)
    os.makedirs(out, exist_ok=True)
    return out
