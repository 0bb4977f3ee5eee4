"""Rules of the architecture, checked in the source: imports go one way, one door a framework."""
import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / 'gluon_finetune'

# From left to right: a module imports from its own room and from rooms to its left. Rooms of one
# group do not import each other.
GROUPS = [('version', 'types', 'errors', 'progress'), ('files',), ('compat',), ('options',),
          ('config',), ('synthetic',), ('data', 'models'), ('training',), ('runs',), ('results',),
          ('export', 'doctor', 'parity'), ('demo',), ('cli',), ('__main__', '__init__')]
GROUND = GROUPS[0]   # which may import each other
RANK = {room: rank for rank, rooms in enumerate(GROUPS) for room in rooms}

# What a namedtuple offers under names with an underscore.
NAMEDTUPLE = ('_asdict', '_fields', '_make', '_replace')

PRINTING = ('cli.',)   # the command line

ALLOWED = {   # package: the modules that may import it
    'mxnet': ('compat.imports',),
    'gluoncv': ('compat.imports',),
    'torch': ('models.pytorch.',),
    'torchvision': ('models.pytorch.',),
    'timm': ('models.pytorch.',),
    'safetensors': ('models.pytorch.',),
    'onnx': ('compat.onnx',),
    'onnxruntime': ('compat.onnx',),
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


def may_import(room, other):
    """Whether a module of `room` may import from `other`, a room, or a name of the package."""
    if other == room or other not in RANK or room in GROUND and other in GROUND:
        return True
    return RANK[other] < RANK[room]


def is_private(node):
    """Whether an attribute belongs to another object, MXNet's most likely."""
    owner = node.value.id if isinstance(node.value, ast.Name) else ''
    return (node.attr.startswith('_') and not node.attr.startswith('__')
            and node.attr not in NAMEDTUPLE and owner not in ('self', 'cls'))


def faults(module, source):
    """What breaks a rule in the source of `module`, such as 'data.folders', line by line."""
    tree = ast.parse(source)
    return [*import_faults(tree, module), *other_faults(tree, module)]


def import_faults(tree, module):
    inside = {node for function in ast.walk(tree)
              if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
              for node in ast.walk(function)}
    room = module.partition('.')[0]
    for node, name in imports(tree, module):
        top, *rest = name.split('.')
        if top == 'gluon_finetune' and not may_import(room, rest[0] if rest else '__init__'):
            yield f'line {node.lineno}: {room} imports {rest[0]}'
        elif top in ALLOWED and not module.startswith(ALLOWED[top]):
            yield f'line {node.lineno}: {top} is imported'
        elif top == 'matplotlib' and node not in inside:
            yield f'line {node.lineno}: matplotlib is imported outside a function'
        elif name.endswith('.MXNET_2') and room != 'compat':
            yield f'line {node.lineno}: MXNET_2 is imported'


def other_faults(tree, module):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node) and module[:7] != 'compat.':
            yield f'line {node.lineno}: {node.attr} is private'
        elif isinstance(node, ast.Assert):
            yield f'line {node.lineno}: assert'
        elif isinstance(node, ast.Name) and node.id == 'print' and not module.startswith(PRINTING):
            yield f'line {node.lineno}: print'


def modules():
    for path in sorted(PACKAGE.rglob('*.py')):
        yield '.'.join(path.relative_to(PACKAGE).with_suffix('').parts), path


@pytest.mark.parametrize('module, path', list(modules()))
def test_architecture(module, path):
    assert module.partition('.')[0] in RANK, 'a new room: give it a place in GROUPS'
    assert faults(module, path.read_text(encoding='utf-8')) == []


def circle(graph):
    """Return modules that import each other in a circle, or [] where there is none."""
    done = set()

    def walk(module, path):
        if module in path:
            return path[path.index(module):]
        if module not in done:
            done.add(module)
            for other in graph.get(module, ()):
                found = walk(other, [*path, module])
                if found:
                    return found
        return []
    return next(filter(None, (walk(module, []) for module in graph)), [])


def module_of(name, known):
    """Return the module that a full name such as 'gluon_finetune.data.image.read_image' is from."""
    parts = name.split('.')[1:]
    return next((name for name in ('.'.join(parts[:i]) for i in (3, 2, 1)) if name in known), None)


def test_no_modules_import_each_other_in_a_circle():
    sources = {module: path.read_text(encoding='utf-8') for module, path in modules()}
    graph = {module: {module_of(name, sources) for _, name in imports(ast.parse(source), module)
                      if name.startswith('gluon_finetune.')} - {None, module}
             for module, source in sources.items()}
    assert len(graph) > 100 and 'training.metrics' in graph['training.loop']
    assert circle(graph) == []
    assert circle({'a': ['b'], 'b': ['c'], 'c': ['b']}) == ['b', 'c']


@pytest.mark.parametrize('module, source, fault', [
    ('config', 'from .data import folders', 'config imports data'),
    ('config', 'from . import training', 'config imports training'),
    ('data.folders', 'from ..models.zoo import x', 'data imports models'),
    ('data.__init__', 'from .. import cli', 'data imports cli'),
    ('models.zoo', 'import gluon_finetune.cli.main', 'models imports cli'),
    ('data.folders', 'def f():\n from ..demo import x', 'data imports demo'),
    ('data.folders', 'from ..models import zoo', 'data imports models'),
    ('models.zoo', 'from ..data.image import x', 'models imports data'),
    ('export.int8', 'from ..parity import rows', 'export imports parity'),
    ('models.zoo', 'net._reg_params', '_reg_params is private'),
    ('runs.trainer_state', 'self.trainer._kvstore', '_kvstore is private'),
    ('models.zoo', 'from ..compat.imports import MXNET_2', 'MXNET_2 is imported'),
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
    ('compat.gluon', 'from .imports import MXNET_2\nnet._reg_params'),
    ('runs.state', 'self._state, record._asdict()'),
    ('cli.main', 'from .. import demo\nprint(demo)'),
])
def test_rules_allow_what_is_right(module, source):
    assert faults(module, source) == []
