"""The chapter's numbers, each once and with its reason; does not know what is done with them."""
import dataclasses
import math

from .errors import UsageError

# Per-channel mean and deviation of ImageNet's RGB images scaled to [0, 1]: what every
# pretrained network of the zoos was trained on.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# Test images are resized to this multiple of the input before the centre crop.
RESIZE_RATIO = 256 / 224

# The chapter's network: the smallest that shows what pretraining does.
DEFAULT_NETWORK = 'resnet18_v2'


# What the settings that are words may be.
CHOICES = {'dtype': ('float32', 'bfloat16', 'float16'), 'cache': (None, 'ram', 'disk'),
           'on_bad': ('stop', 'skip'), 'on_diverge': ('stop', 'rewind')}


@dataclasses.dataclass(frozen=True)
class Config:
    """One fine-tuning run; the defaults are those of the chapter, section "Fine-tuning the model".

    Raises `UsageError` for a number no run can start with.
    """
    network: str = None            # None: read off the source file's name, else DEFAULT_NETWORK
    source: str = None             # file with pretrained weights; None: the zoo's own
    scratch: bool = False          # random weights everywhere: the chapter's comparison
    learning_rate: float = 0.01    # small, because the features are already good
    batch_size: int = 128
    num_epochs: int = 5
    wd: float = 0.001              # weight decay, on every parameter
    lr_mult: float = 10            # the new output layer starts from nothing, so it learns faster
    image_size: int = 224          # what ImageNet networks were trained at
    min_area: float = 0.08         # of a random crop; more where objects are small in the image
    freeze: bool = False           # features stay as they are (exercise 3)
    seed: int = 0
    dtype: str = 'float32'         # bfloat16 or float16 where the device computes in it
    views: int = 1                 # crops of an image whose frozen features are kept; 0: none
    num_workers: int = 1           # threads that prepare batches; without a GPU one is enough
    cache: str = None              # 'ram' or 'disk': keep decoded images for the next epoch
    cache_limit: int = None        # bytes of it; None: half of what is free
    on_bad: str = 'stop'           # or 'skip': what an image that breaks while training leads to
    on_diverge: str = 'stop'       # or 'rewind': to the last checkpoint, at half the learning rate
    checkpoint_every: int = None   # batches; None: after each epoch alone

    def __post_init__(self):
        for name in ('batch_size', 'num_epochs', 'image_size'):
            _check_whole(name, getattr(self, name), 1)
        for name in ('cache_limit', 'checkpoint_every'):
            if getattr(self, name) is not None:
                _check_whole(name, getattr(self, name), 1)
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise UsageError(f'{name} is {getattr(self, name)!r}: it must be one of '
                                 f'{", ".join(map(str, allowed))}')
        for name in ('num_workers', 'views'):
            _check_whole(name, getattr(self, name), 0)
        if self.seed is not None:
            _check_whole('seed', self.seed, 0)
        _check_positive('learning_rate', self.learning_rate)
        _check_positive('lr_mult', self.lr_mult)
        if not (_is_number(self.min_area) and 0 < self.min_area <= 1):
            raise UsageError(f'min_area is {self.min_area!r}: it must be above 0 and at most 1, '
                             f'the share of the image that a crop keeps')
        if not (_is_number(self.wd) and 0 <= self.wd < math.inf):
            raise UsageError(f'wd is {self.wd!r}: it must be a number from 0 up, such as 0.001')


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_whole(name, value, least):
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f'{name} is {value!r}: it must be a whole number from {least} up')


def _check_positive(name, value):
    if not (_is_number(value) and 0 < value < math.inf):
        raise UsageError(f'{name} is {value!r}: it must be a number above 0, such as 0.01')
