"""Medians, ratios and exponents by hand; output and JSON."""
import json
import types

import pytest
import report


def rounds(*values, key='speed'):
    return {'rounds': [{key: value} for value in values]}


def test_median():
    assert report.median(rounds(3, 1, 2), 'speed') == 2
    assert report.median(rounds(1, 2), 'speed') == 1.5
    assert report.median({'not_available': 'why'}, 'speed') is None
    assert report.median(rounds(1), 'other') is None


def test_a_speed_up_is_the_median_of_the_ratios_of_each_round():
    mxnet, torch = rounds(10, 4, 30), rounds(5, 4, 10)   # 2, 1 and 3× as fast
    assert report.advantage(mxnet, torch, 'speed') == 2
    assert report.advantage(mxnet, torch, 'speed', less_is_better=True) == 0.5
    assert report.advantage(mxnet, mxnet, 'speed') == 1
    assert report.advantage(mxnet, {'failed': 'why'}, 'speed') is None


def test_exponent():
    assert report.exponent([1, 10, 100], [3, 30, 300]) == pytest.approx(1)
    assert report.exponent([1, 2, 4], [5, 20, 80]) == pytest.approx(2)
    assert report.exponent([1, 2, 4], [5, 5, 5]) == pytest.approx(0)


def test_number():
    shown = [report.number(value) for value in (None, 123.6, 12.34, 1.234, 0.01234, 0)]
    assert shown == ['', '124', '12.3', '1.23', '0.0123', '0']


RESULTS = {
    'mxnet': {'rounds': [{'speed': 10, 'mb': 500}, {'speed': 14, 'mb': 501}]},
    'torch': {'rounds': [{'speed': 5, 'mb': 900}, {'speed': 7, 'mb': 901}],
               'versions': {'torch': '2.13'}, 'threads': {'OMP_NUM_THREADS': '2'},
               'note': 'compiled'},
    'none': {'rounds': [], 'not_available': 'no such\nCPU'}}
TABLE = '''
| side | images/s | MB | min–max | speed-up |
|---|---:|---:|---:|---:|
| mxnet | 12 | 500 | 10–14 | 1× |
| torch | 6 | 900 | 5–7 | 2× |
| none | not available: no such CPU |  |  |  |
'''
COLUMNS = {'speed': 'images/s', 'mb': 'MB'}


def test_table():
    assert report.table(RESULTS, COLUMNS) == TABLE.strip()


def test_speed_ups_are_over_the_first_measured_side():
    results = {'none': RESULTS['none'], **RESULTS}
    assert report.first_measured(results) is RESULTS['mxnet']
    assert report.first_measured({'none': RESULTS['none']}) == {}


def test_report_prints_the_machine_and_writes_everything(tmp_path, capsys):
    path = tmp_path / 'speed.json'
    args = types.SimpleNamespace(json=str(path), rounds=2)
    assert report.report(args, RESULTS, COLUMNS, macs=[1]) == 0
    printed = capsys.readouterr().out
    assert TABLE in printed and f'{report.CORES} cores' in printed and 'torch 2.13' in printed
    assert 'torch: compiled, OMP_NUM_THREADS 2\n' in printed
    written = json.loads(path.read_text())
    assert written['medians'] == {'mxnet': 12, 'torch': 6, 'none': None}
    assert written['ratios'] == {'mxnet': 1, 'torch': 2, 'none': None}
    assert written['key'] == 'speed' and written['macs'] == [1]
    assert written['settings'] == {'json': str(path), 'rounds': 2}
    assert set(written['machine']) == {'cpu', 'cores', 'flags', 'memory_gb', 'system', 'python',
                                       'load'}
    assert [file.name for file in tmp_path.iterdir()] == ['speed.json']


def test_a_side_that_failed_shows_in_table_and_status(capsys):
    results = {'mxnet': {'rounds': [], 'failed': 'ValueError: no'}}
    assert report.report(types.SimpleNamespace(json=None), results, COLUMNS) == 1
    assert '| mxnet | failed: ValueError: no |  |  |  |' in capsys.readouterr().out
