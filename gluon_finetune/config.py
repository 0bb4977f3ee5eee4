"""`Config`: every option of a training run once, with its type, default, range and help text.

Derived from its fields: flags of `gluon-finetune train`, value checks, the check of `config.json`,
the resume rule, the keywords of `train_fine_tuning` and the table in `docs/options.md`.
"""
# No `from __future__ import annotations`: the types of the fields are read at run time.
import dataclasses
from typing import Any, Collection, Dict, List, Literal, Mapping, Optional

from .errors import UsageError
from .options import Option, markdown_table, option, options_of

# Per-channel mean and deviation of ImageNet's RGB images scaled to [0, 1]: every pretrained
# network of the zoos was trained on images normalised with them.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# Test images are resized to this multiple of the input before the centre crop.
RESIZE_RATIO = 256 / 224

# The chapter's network: the smallest that shows the benefit of pretraining.
DEFAULT_NETWORK = 'resnet18_v2'

# The size ImageNet networks were trained at: side in pixels.
DEFAULT_IMAGE_SIZE = 224


@dataclasses.dataclass(frozen=True)
class Config:
    """Options of one training run; the defaults are the chapter's.

    Source: the chapter, section "Fine-tuning the model".

    Raises:
        UsageError: For a value of another type or out of range.
    """
    network: Optional[str] = option(
        None, "name of a network in the zoo (default: the source file's, or resnet18_v2)",
        run_only=True)
    source: Optional[str] = option(
        None, "file with pretrained weights (default: the zoo's)", run_only=True)
    scratch: bool = option(False, 'start from random weights', run_only=True)
    # Small, because the features are already good.
    learning_rate: float = option(0.01, 'learning rate of the features', flag='--lr', above=0)
    batch_size: int = option(128, 'images per step', minimum=1)
    # BatchNorm over a last batch of one or two images spoils its running statistics.
    chapter_batches: bool = option(
        False, 'full batches and a smaller last one, as in the chapter, instead of batches of '
        'equal size', before=True)
    num_epochs: int = option(
        5, 'passes over the training images', flag='--epochs', minimum=1, resumable=True)
    wd: float = option(0.001, 'weight decay, on every parameter', minimum=0)
    # The new output layer starts from random weights, so it learns faster.
    lr_mult: float = option(
        10, 'factor on the learning rate for the output layer', above=0, run_only=True)
    image_size: int = option(
        DEFAULT_IMAGE_SIZE, 'height and width of the input in pixels', minimum=1)
    # Larger where objects are small in the image.
    min_area: float = option(
        0.08, 'smallest share of an image that a training crop covers', above=0, maximum=1)
    val_fraction: float = option(
        0, 'share of the training images of each class that becomes a validation set, which '
        'chooses the best epoch', minimum=0, below=1, run_only=True)
    drop_leaks: bool = option(
        False, 'skip test images that are copies of training or validation images, and '
        'validation images that are copies of training images')
    background: Literal['white', 'black', 'grey'] = option(
        'white', 'colour behind transparent pixels', run_only=True)
    freeze: bool = option(False, 'train the output layer only (exercise 3)', run_only=True)
    freeze_until: Optional[str] = option(
        None, 'freeze the features before this part of the network, such as stage3', run_only=True)
    # Kumar et al. 2022, arXiv 2202.10054: features are distorted less from a fitted output layer.
    warm_head: bool = option(
        False, 'fit the output layer to the features first, then train from there')
    seed: Optional[int] = option(0, 'runs with the same seed give the same result', minimum=0)
    dtype: Literal['float32', 'bfloat16', 'float16'] = option(
        'float32', 'compute precision: float32, bfloat16 or float16')
    views: int = option(
        1, 'with --freeze or --freeze-until: crops per image whose features are cached; 0: no '
        'cache', minimum=0)
    # Without a GPU one thread is enough.
    num_workers: int = option(
        1, 'threads that prepare images; no effect on results', flag='--workers', minimum=0,
        resumable=True)
    cache: Optional[Literal['ram', 'disk']] = option(
        None, 'cache decoded images for later epochs: in ram or on disk', resumable=True)
    cache_limit: Optional[int] = option(
        None, 'maximum size of the image cache in bytes (default: half of the free space)',
        minimum=1, resumable=True)
    on_bad: Literal['stop', 'skip'] = option(
        'stop', 'stop or skip when an image becomes unreadable during training', resumable=True,
        run_only=True)
    on_diverge: Literal['stop', 'rewind'] = option(
        'stop', 'when the loss becomes NaN or infinite: stop, or restore the last checkpoint and '
        'halve the learning rate', resumable=True, run_only=True)
    checkpoint_every: Optional[int] = option(
        None, 'batches between checkpoints within an epoch (default: none)', minimum=1,
        resumable=True, run_only=True)
    tensorboard: bool = option(
        False, 'write TensorBoard event files, which needs tensorboardX', resumable=True,
        run_only=True)

    def __post_init__(self) -> None:
        for each in options_of(type(self)):
            value = getattr(self, each.name)
            if not each.allows(value):
                raise UsageError(f'{each.name} must be {each.expected}, not {value!r}')


def options() -> List[Option]:
    """Return every option."""
    return options_of(Config)


def resumable_options() -> List[str]:
    """Return the names of the options that a resumed run may change."""
    return [each.name for each in options() if each.resumable]


def earlier_values() -> Dict[str, Any]:
    """Return what runs did that are older than an option, where that is not its default."""
    return {each.name: each.before for each in options() if each.before is not None}


def options_table() -> str:
    """Return the Markdown table of `docs/options.md`."""
    return markdown_table(options())


def flags_of(config: Config) -> List[str]:
    """Return the words of a command line that give `config`: changed options, and the seed."""
    words: List[str] = []
    for each in options():
        value = getattr(config, each.name)
        if value is not None and (value != each.default or each.name == 'seed'):
            words += [each.flag] if each.kind is bool else [each.flag, str(value)]
    return words


def replace_options(config: Config, given: Mapping[str, Any], known: Collection[str]) -> Config:
    """Return `config` with the values `given`.

    Raises:
        UsageError: For a name that is not among the `known` ones, and as `Config` does.
    """
    for name in given:
        if name not in known:
            raise UsageError(f'unknown option {name!r}; known options: {", ".join(known)}')
    return dataclasses.replace(config, **given)
