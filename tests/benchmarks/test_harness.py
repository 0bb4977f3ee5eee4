"""Sides in processes of their own, in turn; how they end; their measurements."""
import os
import subprocess

import harness
import pytest
from harness import Side, ask_once, compare, compare_fresh


@pytest.fixture(autouse=True)
def fake_sides(monkeypatch):
    monkeypatch.setenv('PYTHONPATH', os.path.dirname(__file__), prepend=os.pathsep)


def fake(name, function=None, **options):
    return Side(name, 'fake_sides', function or name, options)


def test_sides_go_in_turn_after_all_have_warmed_up(tmp_path):
    log = tmp_path / 'log'
    results = compare([fake('a', 'counting', start=100), fake('b', 'counting', start=200)], 2,
                      {'path': str(log)}, warm_up={})
    assert log.read_text().split() == ['100', '200', '100', '200']
    assert [told['rounds'] for told in results['a']['rounds']] == [102, 103]
    assert results['b']['rounds'][0]['images_per_second'] > 0


def test_fresh_sides_start_anew_in_each_round():
    result = compare_fresh([fake('a', 'counting')], 2)['a']
    assert [told['rounds'] for told in result['rounds']] == [1, 1]
    for told in result['rounds']:
        assert 0 < told['ready_seconds'] < told['age_seconds']
        assert 0 < told['ready_mb'] <= told['peak_mb']


@pytest.mark.parametrize('run', [compare, compare_fresh])
def test_a_side_that_ends_leaves_the_others_alone(run):
    names = ['lacking', 'uninstalled', 'failing', 'dying']
    results = run([fake(name) for name in names] + [
        Side('elsewhere', 'fake_sides', 'counting', not_available='not on this CPU'),
        fake('a', 'counting')], 2)
    assert results['lacking']['not_available'] == 'no such option'
    assert results['uninstalled']['not_available'] == (
        'no_such_module is not installed: pip install gluon_finetune[parity,bench]')
    assert results['failing']['failed'] == 'ValueError: it went wrong'
    assert results['dying']['failed'] == 'ended with status 3: the last words'
    assert results['elsewhere']['not_available'] == 'not on this CPU'
    assert len(results['a']['rounds']) == 2
    assert all(results[name]['rounds'] == [] for name in [*names, 'elsewhere'])


def test_threads_are_those_of_the_side_alone(monkeypatch):
    monkeypatch.setenv('OMP_NUM_THREADS', '7')
    assert ask_once(fake('environment'))['omp'] == 'unset'
    side = Side('two', 'fake_sides', 'environment', environ={'OMP_NUM_THREADS': '2'})
    assert ask_once(side)['omp'] == '2'


def test_the_peak_of_memory_is_of_the_child_alone():
    block = bytearray(400 * 10 ** 6)   # of this process
    assert ask_once(fake('counting'))['peak_mb'] < 200 < len(block) / 1e6
    assert 200 < ask_once(fake('memory'))['peak_mb'] < 400


def test_cores_are_cpu_seconds_by_seconds():
    told = ask_once(fake('busy'))
    assert told['seconds'] * told['cores'] == pytest.approx(0.2, abs=0.1)


def test_a_question_without_an_answer_ends_the_script():
    with pytest.raises(SystemExit, match='^lacking: no such option$'):
        ask_once(fake('lacking'))


def test_children_end_with_the_comparison(monkeypatch):
    processes, popen = [], subprocess.Popen
    monkeypatch.setattr(harness.subprocess, 'Popen',
                        lambda *args, **named: processes.append(popen(*args, **named))
                        or processes[-1])
    compare([fake('a', 'counting'), fake('dying')], 1)
    assert [process.returncode for process in processes] == [0, 3]
