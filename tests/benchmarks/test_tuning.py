"""The fastest tuning of each stage is taken, from invented measurements."""
import types

import pytest
import tuning


@pytest.fixture
def speeds(monkeypatch):
    """Images per second by description of a tuning; others reach 1."""
    known = {}

    def compare(sides, rounds, arguments, warm_up):
        speed = known.get(sides[0].note, 1)
        return {sides[0].name: {'rounds': [{'images_per_second': speed}] if speed else []}}
    monkeypatch.setattr(tuning, 'compare', compare)
    return known


def args(**changed):
    return types.SimpleNamespace(**{'quick': False, 'no_trials': False, 'sides': [''], **changed})


def tuned(**changed):
    return tuning.tuned('PyTorch tuned', 'step', {}, args(**changed),
                        steps=('keeping', 'workers', 'optimizer'))


def test_the_fastest_tuning_is_taken(speeds):
    speeds.update({'contiguous, compiled': 3, 'channels last': 2,
                   'contiguous, compiled, keeping memory': 4,
                   'contiguous, compiled, 1 worker, keeping memory': 3.5,
                   'contiguous, compiled, fused, keeping memory': 5})
    side, found = tuned()
    assert side.note == 'contiguous, compiled, fused, keeping memory'
    assert side.environ == tuning.KEEPING
    assert side.options == {'memory': 'contiguous', 'compiled': True, 'optimizer': 'fused',
                            'cores': tuning.CORES}
    assert len(found) == 8 and found['channels last'] == 2


def test_a_tuning_that_fails_is_not_taken(speeds):
    speeds.update({'contiguous': 0, 'contiguous, compiled': 0, 'channels last': 2})
    assert tuned()[0].note == 'channels last'


@pytest.mark.parametrize('option', ['quick', 'no_trials'])
def test_without_trials_channels_last_is_taken(option, speeds):
    side, found = tuned(**{option: True})
    assert (side.note, found) == ('channels last', {})


def test_bfloat16_is_skipped_if_the_cpu_lacks_it(speeds, monkeypatch):
    monkeypatch.setattr(tuning, 'without_bfloat16', lambda: 'this CPU has none')
    sides, trials = tuning.tuned_sides('step', {}, args())
    assert [side.not_available for side in sides] == [None, 'this CPU has none']
    assert list(trials) == ['PyTorch tuned']
    assert tuning.tuned_sides('step', {}, args(sides=['gluon_finetune'])) == ([], {})
