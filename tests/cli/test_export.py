import pytest
from commands import call

from gluon_finetune.errors import UsageError
from gluon_finetune.results.evaluate import Evaluation


@pytest.mark.parametrize('words, message', [
    (['--to', 'int8', '--out', 'new', '--data', 'chairs'],
     '--to int8 takes no --out: it writes into the run directory, where predict and evaluate find '
     'it'),
    (['--to', 'all', '--out', 'new'],
     '--to all takes no --out: it writes into the run directory, where predict and evaluate find '
     'int8'),
    (['--to', 'torch', '--with-preprocessing'],
     '--to torch takes no --with-preprocessing: only onnx has it'),
    (['--to', 'symbol', '--variant', 'int8'],
     '--to symbol takes no --variant: only onnx has variants'),
    (['--to', 'keras'],
     "unknown format 'keras': expected onnx, symbol, torch, int8 or all")])
def test_wrong_use(run, capsys, words, message):
    assert call(capsys, 'export', run, *words) == (2, '', [f'gluon-finetune: {message}'])


@pytest.mark.parametrize('kind, options', [
    ('onnx.export_onnx', {'with_preprocessing': True, 'variants': ['int8', 'float16']}),
    ('symbol.export_symbol', {}), ('pytorch.export_torch', {})])
def test_options_are_passed_on_and_comparisons_printed(run, capsys, monkeypatch, kind, options):
    def export(path, out, *, notify, **given):
        assert (path, out, given) == (str(run), 'new', {'data': 'chairs', **options})
        notify('equal')
        return out
    monkeypatch.setattr(f'gluon_finetune.export.{kind}', export)
    words = ['--with-preprocessing', '--variant', 'int8', '--variant', 'float16']
    to = {'onnx': 'onnx', 'symbol': 'symbol', 'pytorch': 'torch'}[kind.partition('.')[0]]
    assert call(capsys, 'export', run, '--to', to, '--data', 'chairs', '--out', 'new',
                *(words if options else [])) == (0, 'equal\nnew\n', [])


def test_formats_that_a_network_does_not_have_are_named(run, capsys, monkeypatch):
    def export_all(path, *, data, with_preprocessing, notify):
        assert (path, data, with_preprocessing) == (str(run), None, True)
        notify('onnx: equal')
        yield 'onnx', f'{path}/onnx'
        yield 'torch', UsageError('it has no counterpart')
    monkeypatch.setattr('gluon_finetune.export.formats.export_all', export_all)
    assert call(capsys, 'export', run, '--to', 'all', '--with-preprocessing') == (
        1, f'onnx: equal\n{run}/onnx\n',
        ['gluon-finetune: no export to torch: it has no counterpart'])


def test_int8_prints_the_accuracy_before_and_after(run, chairs, capsys, monkeypatch):
    monkeypatch.setattr('gluon_finetune.export.int8.export_int8',
                        lambda run, folders, notify: 'the file')
    monkeypatch.setattr('gluon_finetune.results.evaluate.evaluate_run',
                        lambda run, folders, dtype: Evaluation(0.75, None, [], 12))
    status, out, _ = call(capsys, 'export', run, '--to', 'int8', '--data', chairs)
    assert status == 0 and out.splitlines() == [
        'the file', 'float32  accuracy 0.750 on 12 images', 'int8     accuracy 0.750 on 12 images']


def test_images_that_cannot_be_decoded_are_skipped_on_request(run, chairs_copy, capsys,
                                                              monkeypatch):
    used = []
    monkeypatch.setattr('gluon_finetune.export.int8.export_int8',
                        lambda run, folders, notify: used.append(folders))
    monkeypatch.setattr('gluon_finetune.results.evaluate.evaluate_run',
                        lambda run, folders, dtype: Evaluation(0.75, None, [], 12))
    bad = [chairs_copy / 'train' / 'bench' / '7.jpg', chairs_copy / 'test' / 'sofa' / '0.jpg']
    for path in bad:
        path.write_bytes(b'')
    status, _, err = call(capsys, 'export', run, '--to', 'int8', '--data', chairs_copy,
                          '--skip-bad')
    assert status == 0 and err == [f'skipped: {path}: the file is empty' for path in bad]
    assert (len(used[0].train), len(used[0].test)) == (23, 11)
