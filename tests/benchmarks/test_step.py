"""The limit of a step on CPUs with and without bfloat16, with and without PyTorch."""
import types

import pytest
import report
import step

ARGS = types.SimpleNamespace(quick=True, rounds=1, network='resnet18_v2', image_size=32)
NO_TORCH = 'torch is not installed: pip install gluon_finetune[parity,bench]'
NO_BFLOAT16 = 'this CPU has no bfloat16 instructions (avx512_bf16 or amx_bf16)'


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Pretend a CPU with these instruction sets, and libraries that multiply at these rates."""
    def make(flags, speeds):
        (tmp_path / 'cpuinfo').write_text(f'flags\t\t: fpu {flags}\n')
        monkeypatch.setattr(report, 'CPUINFO', str(tmp_path / 'cpuinfo'))

        def compare(sides, rounds):
            return {side.name: result(side.name, speeds.get((side.name, side.options['dtype'])))
                    for side in sides}
        monkeypatch.setattr(step, 'compare', compare)
    return make


def result(library, speed):
    if speed:
        return {'rounds': [{'gflops': speed}]}
    reason = NO_TORCH if library == 'torch' else f'{library} does not multiply bfloat16'
    return {'rounds': [], 'not_available': reason}


FLOAT32 = {('mxnet', 'float32'): 20, ('numpy', 'float32'): 10}
TORCH = {('torch', 'float32'): 30, ('torch', 'bfloat16'): 60}
WITHOUT_TORCH = {'mxnet': 20, 'numpy': 10, 'best': 20}
WITH_TORCH = {'torch': 30, 'mxnet': 20, 'numpy': 10, 'best': 30}


@pytest.mark.parametrize('flags, speeds, rates, unmeasured', [
    ('avx2', FLOAT32, {'float32': WITHOUT_TORCH}, {'bfloat16': NO_BFLOAT16}),
    ('avx2', {**FLOAT32, **TORCH}, {'float32': WITH_TORCH}, {'bfloat16': NO_BFLOAT16}),
    ('avx512_bf16', FLOAT32, {'float32': WITHOUT_TORCH}, {
        'bfloat16': f'{NO_TORCH}; mxnet does not multiply bfloat16; '
                    'numpy does not multiply bfloat16'}),
    ('avx2 amx_bf16', {**FLOAT32, **TORCH},
     {'float32': WITH_TORCH, 'bfloat16': {'torch': 60, 'best': 60}}, {}),
], ids=['neither', 'torch', 'bfloat16', 'both'])
def test_best_rates(machine, flags, speeds, rates, unmeasured):
    machine(flags, speeds)
    assert step.best_rates(ARGS) == (rates, unmeasured)


def test_a_side_without_a_limit_has_no_share():
    measured = {'rounds': [{'images_per_second': 50}]}
    assert step.share('PyTorch', measured, {'float32': 200}) == 0.25
    assert step.share('PyTorch, bfloat16', measured, {'float32': 200}) is None
    assert step.share('PyTorch', {'rounds': []}, {'float32': 200}) is None


def test_a_limit_that_was_not_measured_is_printed_with_its_reason(capsys):
    step.print_limit(ARGS, [10 ** 9], {'float32': {'best': 40}}, {'bfloat16': NO_BFLOAT16},
                     {'float32': 10}, {'gluon_finetune': 0.5, 'gluon_finetune, bfloat16': None})
    assert capsys.readouterr().out.splitlines() == [
        'resnet18_v2 at 32: 1.000 G multiply-adds forward, 4.00 GFLOP to train on an image',
        'float32: 40 GFLOP/s, so at most 10 images/s; reached: gluon_finetune 50%',
        f'bfloat16: limit not measured: {NO_BFLOAT16}']
