"""How a run was trained: parameter groups, settings, and the command that repeats it."""
from __future__ import annotations

import os
import shlex
from typing import Any, NamedTuple

from ...compat.imports import structured_parameters
from ...config import flags_of, options
from ...models.output import output_layer
from ...runs.directory import RunDirectory
from ...runs.train import mark_trained
from ...types import Net, Parameter


class Group(NamedTuple):
    """Parameters that are trained in the same way."""

    part: str     # of the network
    state: str    # 'trained', or why not
    arrays: int
    values: int
    rate: str     # learning rate with the factors of the group, '' where it is not trained
    decay: str


def parameter_groups(run: RunDirectory, net: Net) -> list[Group]:
    """Return the parameters of a run's network, which is marked so, by how they are trained."""
    mark_trained(net, run.config)
    output = {id(param) for param in output_layer(net).collect_params().values()}
    members: dict[tuple[Any, ...], list[Parameter]] = {}
    for name, param in structured_parameters(net).items():
        part = 'output layer' if id(param) in output else 'features'
        state = _state(name, param, run.config.freeze)
        factors = (param.lr_mult, param.wd_mult) if state == 'trained' else (0, 0)
        members.setdefault((part, state, *factors), []).append(param)
    groups = [Group(part, state, len(params), sum(param.data().size for param in params),
                    *(_rates(run, *factors) if state == 'trained' else ('', '')))
              for (part, state, *factors), params in members.items()]
    return sorted(groups, key=lambda group: group.state != 'trained')


def _state(name: str, param: Parameter, freeze: bool) -> str:
    if param.grad_req != 'null':
        return 'trained'
    if freeze:
        return 'frozen'
    is_statistic = name.rpartition('.')[2].startswith('running_')
    return 'running statistics' if is_statistic else 'constant'


def _rates(run: RunDirectory, lr_mult: float, wd_mult: float) -> tuple[str, str]:
    """Return learning rate, from the first to the last epoch, and weight decay of a group."""
    history = run.history
    rates = [f'{record.learning_rate * lr_mult:.4g}' for record in (history[0], history[-1])]
    return ' to '.join(dict.fromkeys(rates)), f'{run.config.wd * wd_mult:.4g}'


class Setting(NamedTuple):
    """The value of an option."""

    flag: str
    value: str
    is_default: bool


def settings_of(run: RunDirectory) -> list[Setting]:
    """Return every option of a run."""
    values = [(each, getattr(run.config, each.name)) for each in options()]
    return [Setting(each.flag, '' if value is None else str(value), value == each.default)
            for each, value in values]


def command_of(run: RunDirectory, data: str) -> str:
    """Return the command that repeats a run on the images in `data`, in a new run directory."""
    again = f'{os.path.basename(os.path.abspath(run.path))}-again'
    words = ['gluon-finetune', 'train', data, '--out', again, *flags_of(run.config)]
    return ' '.join(map(shlex.quote, words))
