"""One training run with everything it leaves behind: the command line's `train`, as a function."""
import contextlib
import dataclasses
import random
import warnings

from ..compat.imports import set_attribute
from ..config import DEFAULT_NETWORK, resumable_options
from ..data.check import refuse_bad_images
from ..errors import Diverged, UsageError
from ..files.locks import held
from ..models.finetune import finetune_net, scratch_net
from ..models.freeze import freeze_features
from ..models.source import load_weights
from ..training.devices import check_dtype, try_all_gpus
from ..training.loop import seed_everything, train_steps
from ..training.setup import check_output, prepare, set_up
from .directory import RunDirectory, check_free, identify
from .interrupt import end_requests
from .manifest import Manifest
from .session import Keeper


def start_run(path, config, folders, devices=None):
    """The net and the `RunDirectory` of a new run; writes nothing before both are sure to work.

    `devices` are those it will be trained on (default: every GPU, or the CPU).
    """
    check_free(path)
    check_dtype(config.dtype, devices or try_all_gpus())
    refuse_bad_images(folders)
    if config.seed is None:   # a run can be gone on with only from a seed that is known
        config = dataclasses.replace(config, seed=random.SystemRandom().getrandbits(31))
    seed_everything(config.seed)
    net = build_net(config, folders.classes)
    check_output(net, config.image_size, len(folders.classes))
    config = dataclasses.replace(config, network=net.network)
    return net, RunDirectory.create(path, config, folders.classes, folders.split,
                                    Manifest.of(folders))


def resume_run(path, config, folders, say=warnings.warn):
    """The net and the `RunDirectory` of a run to go on with, perhaps for more epochs.

    A damaged checkpoint that can be done without is told to `say`. Raises `UsageError` when a
    setting, the source, the classes or the images are not those the run began with.
    """
    run = RunDirectory.open(path)
    with held(path):
        return _open_again(run, config, folders, say), run


def _open_again(run, config, folders, say):
    path, last = run.path, run.last(say)
    started = last.identity if last else identify(run.config, run.images)
    _refuse_other_settings(path, started, config)
    if run.classes != folders.classes:
        raise UsageError(f'{path} was started on the classes {", ".join(run.classes)}, not '
                         f'{", ".join(folders.classes)}: name the images it was started on')
    _refuse_other_images(run, started, config, folders)
    if config.on_bad == 'stop':
        refuse_bad_images(folders)
    run.go_on(config, started)
    if last:
        return rebuild_net(config, run.classes, last.weights)
    seed_everything(config.seed)
    return build_net(config, run.classes)


def train_run(net, run, folders, *, devices=None, progress=True, say=warnings.warn, at_once=False):
    """Yields the `Record` of each epoch after it is safe in the run directory `run`.

    Ctrl-C and SIGTERM end it after the batch under way with `Stopped`, once that is saved too;
    `resume_run` goes on from there. While it goes on, another process that wants to gets a
    `WorkError`. `say` is told what a person should know beside the records;
    `at_once` as in `end_requests`.
    """
    config, devices, diverged = run.config, devices or try_all_gpus(), None
    block, train_iter, test_iter, loss, trainer = set_up(net, config, run.started_on(folders),
                                                         devices, progress)
    keeper = Keeper(run, net, (train_iter, test_iter), say)
    with held(run.path), end_requests(at_once) as request:
        while True:
            keeper.begin(trainer, diverged)
            steps = train_steps(block, train_iter, request.end(test_iter), loss, trainer,
                                config.num_epochs, devices, start=keeper.state.place,
                                seed=config.seed, progress=progress)
            try:
                with contextlib.closing(steps):
                    yield from keeper.keep(steps, request)
                return
            except Diverged as error:
                diverged = error
            loss, trainer = prepare(net, config, len(run.classes), devices)


def build_net(config, classes):
    """The network that `config` asks for, with one output a class."""
    if config.scratch:
        return scratch_net(config.network or DEFAULT_NETWORK, classes)
    net = finetune_net(config.source or config.network or DEFAULT_NETWORK, classes,
                       network=config.network, lr_mult=config.lr_mult)
    return freeze_features(net) if config.freeze else net


def rebuild_net(config, classes, weights):
    """The same network without its source, with the weights of a checkpoint, a file."""
    net = scratch_net(config.network, classes)
    load_weights(net, weights)
    if not config.scratch:
        set_attribute(net.output.collect_params(), 'lr_mult', config.lr_mult)
    return freeze_features(net) if config.freeze else net


def _refuse_other_settings(path, started, config):
    for name, value in dataclasses.asdict(config).items():
        was = started['config'].get(name, value)
        if name not in resumable_options() and was != value:
            raise UsageError(f'{path} was started with {name}={was!r}, not {value!r}: a resumed '
                             f'run keeps its settings (only the number of epochs may grow)')
    source = identify(config, None)['source']
    if None not in (source, started['source']) and source != started['source']:
        raise UsageError(f'{config.source} is not the file that {path} was started from (SHA-256 '
                         f'{source[:8]}..., not {started["source"][:8]}...): put that one back')


def _refuse_other_images(run, started, config, folders):
    """With `on_bad='skip'` images may be gone: they are left out."""
    images, now = run.images, Manifest.of(folders)
    if started['pictures'] in (None, now.sha256):
        return
    if images.sha256 != started['pictures']:
        raise UsageError(f'{run.path} was started on other images than are under {folders.root}, '
                         f'and its pictures.csv, which names them, was changed')
    difference = images.difference(now, allow_missing=config.on_bad == 'skip')
    if difference:
        raise UsageError(f'{run.path} was started on other images than are under {folders.root} '
                         f'now: {difference}; put back what it was started on')
