"""The records of a run as TensorBoard event files, by the library tensorboardX."""
from __future__ import annotations

import contextlib
import math
from typing import Any, Generator, Iterator

from ..config import Config
from ..errors import UsageError
from ..training.history import Record
from .directory import RunDirectory, explain_disk_errors

FOLDER = 'tensorboard'   # in the run directory
TAGS = {'loss': 'loss/training', 'train_acc': 'accuracy/training', 'test_acc': 'accuracy/test',
        'val_acc': 'accuracy/validation', 'examples_per_sec': 'speed/examples per second',
        'seconds': 'speed/seconds per epoch', 'learning_rate': 'learning rate'}


def check_tensorboard(config: Config) -> None:
    """Raise `UsageError` if `config` asks for event files and tensorboardX is not installed."""
    if config.tensorboard:
        _tensorboardx()


def with_events(records: Generator[Record, None, None], run: RunDirectory) -> Iterator[Record]:
    """Yield `records`; write each into an event file first, if the run asks for that."""
    with contextlib.closing(records):
        if not run.config.tensorboard:
            yield from records
            return
        with explain_disk_errors(run.path):
            writer = _tensorboardx().SummaryWriter(run.file(FOLDER))
        with contextlib.closing(writer):
            for record in records:
                for name, tag in TAGS.items():
                    value = getattr(record, name, math.nan)
                    if math.isfinite(value):
                        writer.add_scalar(tag, value, record.epoch)
                with explain_disk_errors(run.path):
                    writer.flush()
                yield record


def _tensorboardx() -> Any:
    try:
        import tensorboardX  # noqa: N813
    except ImportError:
        raise UsageError('--tensorboard needs tensorboardX, which is not installed: pip install '
                         'gluon_finetune[tensorboard]') from None
    return tensorboardX
