"""The public names: listed once for Python, once for type checkers, imported when first used."""
import ast
import importlib
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import gluon_finetune as gf


def run(script):
    return subprocess.run([sys.executable, '-c', script], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


@pytest.mark.parametrize('name', gf.__all__)
def test_a_public_name_is_that_of_its_module(name):
    module = importlib.import_module(f'gluon_finetune.{gf._MODULE_OF[name]}')
    assert getattr(gf, name) is getattr(module, name)


def test_the_stub_lists_the_same_names_in_the_same_order():
    stub = ast.parse(Path(gf.__file__).with_suffix('.pyi').read_text(encoding='utf-8'))
    table = [(node.module, alias.name, alias.asname) for node in stub.body
             if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert table == [(None, 'compat', 'compat'),
                     *((module, name, name) for name, module in gf._MODULE_OF.items())]


def test_the_names_can_be_listed_and_imported_together():
    assert set(gf.__all__) <= set(dir(gf))
    assert run('from gluon_finetune import *\n'
               'print(ImageFolders.__name__, train_ch13.__name__, Stopped.__name__)') == (
        'ImageFolders train_ch13 Stopped')


def test_submodules_are_imported_when_first_used():
    assert run('import gluon_finetune as gf\n'
               'print(gf.compat.mx.__name__, gf.training.__name__)') == (
        'mxnet gluon_finetune.training')


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError) as error:
        gf.train_fine_tuned  # noqa: B018
    assert str(error.value) == "module 'gluon_finetune' has no attribute 'train_fine_tuned'"


def test_what_a_submodule_lacks_is_not_hidden():
    assert run('import sys, gluon_finetune as gf\n'
               'sys.modules["tqdm.auto"] = None\n'
               'try: gf.progress\n'
               'except ModuleNotFoundError as error: print(error.name)') == 'tqdm.auto'


def test_records_can_be_pickled():
    record = gf.Record(1, 0.5, 0.9, 0.8, 10.0, 2.0, 0.01)
    assert pickle.loads(pickle.dumps(gf.History([record]))) == [record]


def test_a_package_that_is_run_gets_every_name(tmp_path):
    """While `python -m` loads it, sys.argv[0] is '-m', as it is for this package."""
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / '__init__.py').write_text('from gluon_finetune import UsageError')
    (tmp_path / 'mine' / '__main__.py').write_text(
        'from mine import UsageError\nprint(UsageError.__name__)')
    output = subprocess.run([sys.executable, '-m', 'mine', 'doctor'], cwd=tmp_path, check=True,
                            text=True, stdout=subprocess.PIPE).stdout
    assert output == 'UsageError\n'
