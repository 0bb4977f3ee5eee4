"""The rules of the house, read off the source: imports go one way, and frameworks have one door."""
import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / 'gluon_finetune'

# From left to right: a module may import from its own room and from rooms to its left.
ROOMS = [('version', 'types', 'errors', 'start', 'progress'), ('files',), ('compat',), ('config', 'options'),
         ('synthetic',), ('data',), ('models',), ('training',), ('runs',), ('results',),
         ('export', 'doctor', 'parity'), ('demo',), ('cli',), ('__main__', '__init__')]
RANK = {name: rank for rank, names in enumerate(ROOMS) for name in names}

PRINTING = ('cli.',)   # the command line

ALLOWED = {   # package: the modules that may import it
    'mxnet': ('compat.imports',),
    'gluoncv': ('compat.imports',),
    'torch': ('models.pytorch.',),
    'torchvision': ('models.pytorch.',),
    'timm': ('models.pytorch.',),
    'safetensors': ('models.pytorch.',),
}


def imports(tree, module):
    """Every import as (node, full name), names of `from` included: a.b for `from a import b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = f'gluon_finetune.{module}'.split('.')[:-node.level] if node.level else []
            base = base + (node.module or '').split('.') * bool(node.module)
            yield from ((node, '.'.join([*base, alias.name])) for alias in node.names)


def faults(module, source):
    """What breaks a rule in the source of `module`, such as 'data.folders', line by line."""
    tree, found = ast.parse(source), []
    inside = {node for function in ast.walk(tree)
              if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
              for node in ast.walk(function)}
    room = module.partition('.')[0]
    for node, name in imports(tree, module):
        top, *rest = name.split('.')
        if top == 'gluon_finetune':
            if RANK.get(rest[0], RANK[room]) > RANK[room]:
                found.append(f'line {node.lineno}: {room} imports {rest[0]}, which is to its right')
        elif top in ALLOWED and not module.startswith(ALLOWED[top]):
            found.append(f'line {node.lineno}: {top} is imported')
        elif top == 'matplotlib' and node not in inside:
            found.append(f'line {node.lineno}: matplotlib is imported outside a function')
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            found.append(f'line {node.lineno}: assert')
        elif isinstance(node, ast.Name) and node.id == 'print' and not module.startswith(PRINTING):
            found.append(f'line {node.lineno}: print')
    return found


def modules():
    for path in sorted(PACKAGE.rglob('*.py')):
        yield '.'.join(path.relative_to(PACKAGE).with_suffix('').parts), path


@pytest.mark.parametrize('module, path', list(modules()))
def test_house(module, path):
    assert module.partition('.')[0] in RANK, 'a new room: give it a place in ROOMS'
    assert faults(module, path.read_text(encoding='utf-8')) == []


@pytest.mark.parametrize('module, source, fault', [
    ('config', 'from .data import folders', 'config imports data, which is to its right'),
    ('config', 'from . import training', 'config imports training, which is to its right'),
    ('data.folders', 'from ..models.zoo import x', 'data imports models, which is to its right'),
    ('data.__init__', 'from .. import cli', 'data imports cli, which is to its right'),
    ('models.zoo', 'import gluon_finetune.cli.main', 'models imports cli, which is to its right'),
    ('data.folders', 'def f():\n from ..demo import x', 'data imports demo, which is to its right'),
    ('models.zoo', 'import mxnet as mx', 'mxnet is imported'),
    ('models.zoo', 'from gluoncv.model_zoo import get_model', 'gluoncv is imported'),
    ('models.zoo', 'import torch', 'torch is imported'),
    ('training.loop', 'from torch.nn import Linear', 'torch is imported'),
    ('results.plot', 'from matplotlib import pyplot', 'matplotlib is imported outside a function'),
    ('results.plot', 'print(1)', 'print'),
    ('demo', 'show = print', 'print'),
    ('cli', 'assert True', 'assert'),
])
def test_rules_can_be_broken(module, source, fault):
    assert [text.partition(': ')[2] for text in faults(module, source)] == [fault]


@pytest.mark.parametrize('module, source', [
    ('results.plot', 'from ..training.history import x\nfrom .report import y'),
    ('results.plot', 'def f():\n from matplotlib import pyplot'),
    ('models.pytorch.bridge', 'import torch'),
    ('compat.imports', 'import mxnet'),
    ('cli.main', 'from .. import demo\nprint(demo)'),
])
def test_rules_allow_what_is_right(module, source):
    assert faults(module, source) == []
