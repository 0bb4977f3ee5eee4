"""One training run with everything it leaves behind: the command line's `train`, as a function."""
import dataclasses

from ..compat import set_attribute
from ..config import DEFAULT_NETWORK
from ..errors import UsageError
from ..models.finetune import finetune_net, freeze_features, scratch_net
from .checkpoint import RunDirectory, check_free
from .devices import try_all_gpus
from .fine_tuning import check_output, refuse_bad_pictures, set_up
from .history import History
from .loop import seed_everything, train_steps
from .meter import START


def start_run(path, config, folders):
    """The net and the `RunDirectory` of a new run; writes nothing before both are sure to work."""
    check_free(path)
    refuse_bad_pictures(folders)
    seed_everything(config.seed)
    net = build_net(config, folders.classes)
    check_output(net, config.image_size, len(folders.classes))
    config = dataclasses.replace(config, network=net.network)
    return net, RunDirectory.create(path, config, folders.classes, folders.split)


def resume_run(path, config, folders):
    """The net and the `RunDirectory` of a run to go on with, perhaps for more epochs.

    Raises `UsageError` when a setting or the classes are not those the run began with.
    """
    run = RunDirectory.open(path)
    for name, value in dataclasses.asdict(run.config).items():
        if name != 'num_epochs' and getattr(config, name) != value:
            raise UsageError(f'{path} was started with {name}={value!r}, not '
                             f'{getattr(config, name)!r}: a resumed run keeps its settings (only '
                             f'the number of epochs may grow)')
    if run.classes != folders.classes:
        raise UsageError(f'{path} was started on the classes {", ".join(run.classes)}, not '
                         f'{", ".join(folders.classes)}: name the pictures it was started on')
    refuse_bad_pictures(folders)
    run.config = config
    return (rebuild_net if run.history else build_net)(config, run.classes), run


def train_run(net, run, folders, *, devices=None, progress=True):
    """Yields the `Record` of each epoch after it is safe in the run directory `run`."""
    config = run.config
    devices = devices or try_all_gpus()
    seed_everything(config.seed)
    net_, train_iter, test_iter, loss, trainer = set_up(net, config, folders, devices, progress)
    history = History(run.restore(net, trainer))
    for meter in train_steps(net_, train_iter, test_iter, loss, trainer, config.num_epochs, devices,
                             start=START._replace(epoch=len(history) + 1), seed=config.seed,
                             progress=progress):
        if meter.record:
            history.append(meter.record)
            run.save(net, trainer, history)
            yield meter.record


def build_net(config, classes):
    """The network that `config` asks for, with one output a class."""
    if config.scratch:
        return scratch_net(config.network or DEFAULT_NETWORK, classes)
    net = finetune_net(config.source or config.network or DEFAULT_NETWORK, classes,
                       network=config.network, lr_mult=config.lr_mult)
    return freeze_features(net) if config.freeze else net


def rebuild_net(config, classes):
    """The same network without its source: its weights will come from a checkpoint."""
    net = scratch_net(config.network, classes)
    if not config.scratch:
        set_attribute(net.output.collect_params(), 'lr_mult', config.lr_mult)
    return freeze_features(net) if config.freeze else net
