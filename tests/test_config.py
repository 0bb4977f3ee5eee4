"""Every option is declared once; everything else is derived from it."""
import argparse
import dataclasses
import json
from pathlib import Path
from typing import Literal, Optional

import pytest

from gluon_finetune import config as config_module
from gluon_finetune.cli import train as train_command
from gluon_finetune.config import Config, options, options_table, resumable_options
from gluon_finetune.errors import UsageError
from gluon_finetune.files.json import read_json_as
from gluon_finetune.options import option
from gluon_finetune.runs.identity import check_same_settings, run_identity
from gluon_finetune.training.fine_tuning import train_fine_tuning

PAGE = Path(__file__).resolve().parents[1] / 'docs' / 'options.md'


@pytest.fixture
def made_up(monkeypatch):
    """`Config` with three more fields."""
    fields = [('warmup', int, option(0, 'epochs of warm-up', flag='--warm', minimum=0)),
              ('echo', Optional[Literal['soft', 'loud']], option(None, '100 % echo')),
              ('mirror', bool, option(False, 'mirror it', resumable=True, run_only=True))]
    made_up = dataclasses.make_dataclass('Config', fields, bases=(Config,), frozen=True)
    monkeypatch.setattr(config_module, 'Config', made_up)
    return made_up


def parse(*words):
    parser = argparse.ArgumentParser()
    train_command.add_arguments(parser)
    return parser.parse_args(['chairs', *words]), parser.format_help()


def test_a_new_field_is_a_flag(made_up):
    args, text = parse('--warm', '3', '--echo', 'loud', '--mirror')
    assert (args.warmup, args.echo, args.mirror) == (3, 'loud', True)
    assert 'epochs of warm-up (default: 0)' in text and '100 % echo' in text
    args, _ = parse()
    assert not {'warmup', 'echo', 'mirror'} & set(vars(args))
    with pytest.raises(SystemExit):
        parse('--echo', 'silent')


def test_a_new_field_is_checked(made_up):
    for name, value, message in [
            ('warmup', -1, 'warmup must be a whole number of at least 0, not -1'),
            ('echo', 'silent', "echo must be soft or loud, not 'silent'"),
            ('mirror', 1, 'mirror must be True or False, not 1')]:
        with pytest.raises(UsageError) as error:
            made_up(**{name: value})
        assert str(error.value) == message


def test_a_new_field_has_its_resume_rule(made_up):
    assert set(resumable_options()) - {'mirror'} == {
        'num_epochs', 'num_workers', 'cache', 'cache_limit', 'on_bad', 'on_diverge',
        'checkpoint_every', 'tensorboard'}
    started = run_identity(made_up(), None)
    check_same_settings('run', started, made_up(mirror=True))
    with pytest.raises(UsageError, match='warmup=0, not 2'):
        check_same_settings('run', started, made_up(warmup=2))


def test_a_new_field_is_read_from_json(made_up, tmp_path):
    path = tmp_path / 'config.json'
    path.write_text(json.dumps(dataclasses.asdict(made_up(warmup=2, echo='soft'))))
    assert read_json_as(str(path), made_up) == made_up(warmup=2, echo='soft')
    for value in ('{"warmup": "2"}', '{"echo": 1}', '{"mirror": null}'):
        path.write_text(value)
        with pytest.raises(UsageError):
            read_json_as(str(path), made_up)


def test_a_new_field_is_in_the_documentation(made_up):
    assert options_table().splitlines()[-3:] == [
        '| `--warm` | `warmup` | a whole number of at least 0 | `0` | fixed | epochs of warm-up |',
        '| `--echo` | `echo` | soft or loud |  | fixed | 100 % echo |',
        '| `--mirror` | `mirror` | a flag |  | may change | mirror it |']


def test_a_new_field_is_a_keyword_of_train_fine_tuning(made_up):
    with pytest.raises(UsageError) as error:
        train_fine_tuning(None, 0.1, mirror=True)
    assert str(error.value).endswith(', warmup, echo')


def test_the_page_has_the_table():
    assert options_table() in PAGE.read_text('utf-8'), (
        'docs/options.md is out of date: replace its table by the output of '
        'gluon_finetune.config.options_table()')


def test_every_option_has_help_and_a_flag_of_its_own():
    flags = [each.flag for each in options()]
    assert len(set(flags)) == len(flags) and all(each.help for each in options())


@pytest.mark.parametrize('values, message', [
    ({'batch_size': 0}, 'batch_size must be a whole number of at least 1, not 0'),
    ({'batch_size': True}, 'batch_size must be a whole number of at least 1, not True'),
    ({'batch_size': None}, 'batch_size must be a whole number of at least 1, not None'),
    ({'image_size': 1.5}, 'image_size must be a whole number of at least 1, not 1.5'),
    ({'seed': -1}, 'seed must be a whole number of at least 0, not -1'),
    ({'cache_limit': 0}, 'cache_limit must be a whole number of at least 1, not 0'),
    ({'wd': float('inf')}, 'wd must be a number of at least 0, not inf'),
    ({'learning_rate': 0}, 'learning_rate must be a number above 0, not 0'),
    ({'learning_rate': float('nan')}, 'learning_rate must be a number above 0, not nan'),
    ({'min_area': 1.1}, 'min_area must be a number above 0 and at most 1, not 1.1'),
    ({'dtype': 'int8'}, "dtype must be float32, bfloat16 or float16, not 'int8'"),
    ({'cache': 'tape'}, "cache must be ram or disk, not 'tape'"),
    ({'on_bad': None}, 'on_bad must be stop or skip, not None'),
    ({'freeze': 'no'}, "freeze must be True or False, not 'no'"),
    ({'network': ['x']}, "network must be a string, not ['x']")])
def test_values_out_of_range_are_errors(values, message):
    with pytest.raises(UsageError) as error:
        Config(**values)
    assert str(error.value) == message


def test_values_at_the_edge_are_allowed():
    Config(batch_size=1, wd=0, seed=None, min_area=1, learning_rate=1, cache=None, num_workers=0)
