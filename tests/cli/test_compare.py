"""`gluon-finetune compare`, as a person types it."""
import json
import shutil

import pytest
from commands import call


@pytest.fixture
def runs(run, tmp_path):
    return run, shutil.copytree(run, tmp_path / 'copy')


def test_two_runs(runs, capsys, tmp_path):
    run, copy = runs
    status, out, err = call(capsys, 'compare', *runs, '--out', tmp_path / 'page.html')
    lines = out.splitlines()
    assert (status, err) == (0, [])
    assert lines[0].split() == ['run', 'test', 'accuracy', '95%', 'interval', 'images', 'best',
                                'epoch']
    assert [line.split()[0] for line in lines[1:3]] == ['chairs', 'copy']
    assert lines[1].endswith('12      1 of 1')
    assert lines[3:7] == ['', 'all settings are equal', '',
                          "McNemar's exact test on the same test images"]
    assert lines[7].startswith('chairs, copy: both right ') and lines[7].endswith(': p = 1')
    assert lines[-1] == f'page: {tmp_path}/page.html'
    assert '<svg' in (tmp_path / 'page.html').read_text('utf-8')


def test_json(runs, capsys):
    status, out, _ = call(capsys, 'compare', *runs, '--json')
    result = json.loads(out)
    assert status == 0 and [run['name'] for run in result['runs']] == ['chairs', 'copy']
    pair, = result['pairs']
    assert (pair['first'], pair['second'], pair['only_first'], pair['p_value']) == (
        'chairs', 'copy', 0, 1)


def test_one_run_is_wrong_use(run, capsys):
    assert call(capsys, 'compare', run) == (
        2, '', ['gluon-finetune: comparing takes at least 2 runs, not 1'])


def test_a_page_that_cannot_be_written(runs, capsys, tmp_path):
    status, _, err = call(capsys, 'compare', *runs, '--out', tmp_path / 'no' / 'page.html')
    assert status == 1 and err == [f'gluon-finetune: cannot write {tmp_path}/no/page.html: No such '
                                   f'file or directory']
