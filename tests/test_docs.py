"""The code on every page runs: Python blocks in order, commands against the parser, links on disk.

A page runs in a folder with `chairs`, an image `new.jpg`, synthetic images in place of the
chapter's hot dogs and random weights in place of the zoo's resnet18_v2. A block that needs torch
imports it first.
"""
import contextlib
import hashlib
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

import gluon_finetune as gf
from gluon_finetune.cli.main import make_parser
from gluon_finetune.compat.imports import mx
from gluon_finetune.models.pytorch.imports import torchvision
from gluon_finetune.synthetic.dataset import draw_hotdogs

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
INTERNALS = ('moving-weights', 'devices')   # pages that still import them
every_page = pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)


@pytest.fixture(scope='module')
def desk(chairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp('desk')
    few = shutil.ignore_patterns('[2-9].jpg')
    shutil.copytree(str(chairs), str(folder / 'chairs'), ignore=few)
    shutil.copy(str(chairs / 'test' / 'stool' / '0.jpg'), str(folder / 'new.jpg'))
    draw_hotdogs(folder / 'hotdog', train=4, test=2, size=64)
    net = mx.gluon.model_zoo.vision.resnet18_v2()
    net.initialize(mx.init.Xavier())
    net(gf.compat.array(np.zeros((1, 3, 32, 32)), dtype='float32'))
    (folder / 'models').mkdir()
    net.save_parameters(str(folder / 'models' / 'zoo.params'))
    return folder


@pytest.fixture
def at_desk(desk, tmp_path, monkeypatch):
    place = tmp_path / 'desk'
    shutil.copytree(str(desk), str(place))
    sha1 = hashlib.sha1((place / 'models' / 'zoo.params').read_bytes()).hexdigest()
    (place / 'models' / 'zoo.params').rename(place / 'models' / f'resnet18_v2-{sha1[:8]}.params')
    monkeypatch.setitem(mx.gluon.model_zoo.model_store._model_sha1, 'resnet18_v2', sha1)
    monkeypatch.setenv('MXNET_HOME', str(place))
    monkeypatch.setenv('GLUON_FINETUNE_DATA', str(place / 'hotdog'))
    monkeypatch.chdir(place)


@every_page
def test_python_blocks_run(page, at_desk):
    text, names, skipped = page.read_text('utf-8'), {'__name__': 'page'}, []
    if 'import torchvision' in text:
        with contextlib.suppress(gf.UsageError):   # not installed: its blocks are skipped
            torchvision()   # works around a build that does not fit torch's
    for block in re.finditer(r'^```python\n(.*?)^```$', text, re.M | re.S):
        line = text.count('\n', 0, block.start(1))
        code = compile('\n' * line + block.group(1), str(page), 'exec')  # traces name the line
        try:
            exec(code, names)
        except ModuleNotFoundError as error:
            if error.name not in ('torch', 'torchvision', 'timm', 'safetensors'):
                raise
            skipped.append(f'line {line + 1} needs {error.name}')
    if skipped:
        pytest.skip('; '.join(skipped))


@pytest.mark.parametrize('page', [page for page in PAGES if page.stem not in INTERNALS],
                         ids=lambda page: page.stem)
def test_pages_use_public_names_only(page):
    for block in re.findall(r'^```python\n(.*?)^```$', page.read_text('utf-8'), re.M | re.S):
        assert not re.search(r'gluon_finetune\.|from gluon_finetune import|gf\.compat', block), page


@every_page
def test_commands_can_be_given(page):
    parser = make_parser()
    for command in re.findall(r'^(?: {4}|\$ )?gluon-finetune (.+)$', page.read_text('utf-8'), re.M):
        parser.parse_args(shlex.split(command, comments=True))


@every_page
def test_links_lead_somewhere(page):
    for link in re.findall(r'\]\((?!\w+:)([^)#]+)', page.read_text('utf-8')):
        assert (page.parent / link).exists(), link


def test_every_dependency_has_its_reason():
    page = (ROOT / 'docs' / 'dependencies.md').read_text('utf-8')
    found = re.findall(r"'([A-Za-z]+)([<>=][^';]*)?[';]", (ROOT / 'setup.py').read_text('utf-8'))
    required = [(name, versions) for name, versions in found if versions]
    assert len(required) > 10
    for name, versions in required:
        assert re.search(rf'\| {name} \| `{re.escape(versions)}` \|', page), name + versions


def test_every_fault_has_its_test():
    text = (ROOT / 'docs' / 'reliability.md').read_text('utf-8')
    page = text[text.index('\n## Downloads'):]   # below the summary
    rows = [line for line in page.splitlines() if line.startswith('| ') and '| fault |' not in line]
    assert len(rows) > 20
    for row in rows:
        tests = re.findall(r'`([\w/]+\.py)::(\w+)`', row.rpartition(' | ')[2])
        assert tests, row
        for file, name in tests:
            code = (ROOT / 'tests' / file).read_text('utf-8')
            assert f'def {name}(' in code and 'pytest.mark.faults' in code, f'{file}::{name}'
