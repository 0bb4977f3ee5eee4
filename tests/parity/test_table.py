"""The command `parity`: its output, exit status and error messages."""
import json

import pytest

from gluon_finetune.cli.main import main
from gluon_finetune.errors import UsageError
from gluon_finetune.models.pytorch import imports as torch_import
from gluon_finetune.parity import checks, table
from gluon_finetune.parity.curves import FULL_RUN
from gluon_finetune.parity.rows import Check, Row, exactly

EQUAL = Check('loss', lambda: {'n': 1}, lambda: {'n': 1}, exactly, note='why')
WRONG = Check('momentum', lambda: {'n': 1}, lambda: {'n': 2}, exactly)


@pytest.fixture
def two_checks(monkeypatch):
    monkeypatch.setattr(table, 'all_checks', lambda: [EQUAL, WRONG])
    monkeypatch.setattr(table, 'pytorch', lambda: None)


def test_one_row_that_differs_fails(two_checks, capsys):
    assert main(['parity', '--only', 'loss', '--only', 'momentum']) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split('|')[1].strip() for line in lines[2:]] == ['loss', 'momentum']
    assert ['DIFFERS' in line for line in lines] == [False, False, False, True]
    assert len({line.count('|') for line in lines}) == 1


def test_json(two_checks, capsys):
    assert main(['parity', '--only', 'loss', '--json']) == 0
    row, = json.loads(capsys.readouterr().out)
    assert row == Row('loss', 0, 0, 'equal', None, None, None, 'why')._asdict()


def test_a_line():
    row = Row('loss', 1.234e-6, 1e-7, 'equal', 1e-6, 1e-14, 1e-16, 'why')
    assert [cell.strip() for cell in table.line(row).split('|')[1:-1]] == [
        'loss', '1e-06', '1.2e-06', '1e-07', '1e-14', '1e-16', 'equal', 'why']


def test_an_unknown_comparison(two_checks, capsys):
    assert main(['parity', '--only', 'lost']) == 2
    assert capsys.readouterr().err == (
        "gluon-finetune: no comparison has 'lost' in its name; known comparisons: loss, momentum, "
        'full training run\n')


def test_without_torch(monkeypatch):
    def missing(name):
        raise ImportError(name)
    monkeypatch.setattr(torch_import.importlib, 'import_module', missing)
    with pytest.raises(UsageError) as error:
        next(table.run_table(['loss']))
    assert str(error.value) == ('comparing with PyTorch needs torch, which is not installed: '
                                'pip install gluon_finetune[parity]')


def test_names_are_unique():
    names = [check.name for check in checks.all_checks()] + [FULL_RUN]
    assert len(set(names)) == len(names)
