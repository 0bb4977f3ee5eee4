"""Tables of invented accuracies."""
import itertools

import parity_bands
import pytest


@pytest.fixture
def rows():
    """Two seeds in each framework; from scratch, PyTorch is far ahead."""
    accuracy = {'fine-tuned': {'MXNet': (0.9, 0.8), 'PyTorch': (0.86, 0.82)},
                'scratch': {'MXNet': (0.5, 0.6), 'PyTorch': (0.9, 0.9)}}
    return [{'seed': str(seed), 'start': begin, 'framework': framework, 'numbers': tab,
             'epoch': str(epoch), 'test_acc': str(accuracy[begin][framework][seed] * epoch / 2)}
            for begin, framework, tab, seed, epoch in itertools.product(
                parity_bands.STARTS, parity_bands.TABS, parity_bands.TABS, range(2), (1, 2))]


def test_a_band_is_of_the_last_epoch(rows):
    found = parity_bands.band(rows, 'fine-tuned', 'MXNet', 'PyTorch')
    assert (found['seeds'], found['min'], found['max']) == (2, 0.8, 0.9)
    assert (found['mean'], found['deviation']) == pytest.approx((0.85, 0.0707), abs=1e-4)


def test_means_agree_within_the_deviation_between_seeds(rows):
    bands = [parity_bands.band(rows, *key) for key in itertools.product(
        parity_bands.STARTS, parity_bands.TABS, parity_bands.TABS)]
    tuned, scratch = (parity_bands.agreement(bands, begin, 'MXNet')
                      for begin in parity_bands.STARTS)
    assert tuned['agree'] and tuned['difference'] == pytest.approx(0.01)
    assert not scratch['agree'] and scratch['difference'] == pytest.approx(-0.35)
    assert parity_bands.table(bands).splitlines()[2] == (
        '| fine-tuned | MXNet | the MXNet tab | 0.850 ± 0.071 | 0.800–0.900 | 2 |')
    assert parity_bands.agreement_table([tuned, scratch]).splitlines()[2:] == [
        '| fine-tuned | the MXNet tab | +0.010 | 0.071 | yes |',
        '| scratch | the MXNet tab | -0.350 | 0.071 | no |']


def test_tables_are_written_between_the_marks(tmp_path, monkeypatch):
    page = tmp_path / 'parity.md'
    page.write_text('before\n<!-- bands -->\nold\n<!-- end of bands -->\nafter\n', 'utf-8')
    monkeypatch.setattr(parity_bands, 'PAGE', page)
    parity_bands.write('± new')
    assert page.read_text('utf-8') == (
        'before\n<!-- bands -->\n± new\n<!-- end of bands -->\nafter\n')
