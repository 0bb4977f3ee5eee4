import json
import os
import re
import shutil
from pathlib import Path

import pytest

import gluon_finetune as gf
from gluon_finetune.compat.imports import mx
from gluon_finetune.config import Config
from gluon_finetune.errors import UsageError
from gluon_finetune.files.cache_dir import cache_dir
from gluon_finetune.files.hashing import file_sha256
from gluon_finetune.models.output import weights
from gluon_finetune.models.params_file import read_params, write_params
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.session import Session
from gluon_finetune.runs.train import resume_run, start_run, train_run

CONFIG = Config(network='mobilenetv2_0.25', scratch=True, batch_size=8, num_epochs=2, image_size=32)


@pytest.fixture
def folders(chairs):
    return gf.ImageFolders(chairs)


def train(net, run, folders):
    return list(train_run(net, run, folders, progress=False))


def replace(**changes):
    return Config(**{**vars(CONFIG), **changes})


def test_a_run_writes_its_directory(tmp_path, folders):
    net, run = start_run(str(tmp_path / 'run'), CONFIG, folders)
    records = train(net, run, folders)
    assert sorted(os.listdir(run.path)) == [
        'best.params', 'checkpoint', 'config.json', 'data.txt', 'environment.json', 'history.csv',
        'labels.json', 'pictures.csv']
    assert sorted(os.listdir(run.file('checkpoint'))) == [
        '000002', '000003']
    again = RunDirectory.open(run.path)
    assert again.config == CONFIG and again.classes == folders.classes and again.history == records


@pytest.mark.parametrize('network', ['mobilenetv2_0.25', 'resnet18_v2'])
def test_a_resumed_run_equals_one_that_was_not_interrupted(tmp_path, folders, network):
    config = replace(network=network)
    uninterrupted, run = start_run(str(tmp_path / 'unbroken'), config, folders)
    unbroken = train(uninterrupted, run, folders)
    net, run = start_run(str(tmp_path / 'parts'), replace(network=network, num_epochs=1), folders)
    train(net, run, folders)
    net, run = resume_run(run.path, config, folders)
    second, = train(net, run, folders)
    assert second.epoch == 2
    assert (second.loss, second.test_acc) == (unbroken[1].loss, unbroken[1].test_acc)
    assert len(run.history) == 2
    expected = weights(uninterrupted)   # running statistics included
    assert all((value == expected[name]).all() for name, value in weights(net).items())


@pytest.mark.parametrize('chapter_batches', [False, True])
def test_a_run_stopped_in_an_epoch_has_the_batches_it_would_have_had(
        tmp_path, folders, chapter_batches, monkeypatch):
    config = replace(batch_size=7, num_epochs=1, checkpoint_every=2,
                     chapter_batches=chapter_batches)
    unbroken, = train(*start_run(str(tmp_path / 'unbroken'), config, folders), folders)
    run = stopped_run(tmp_path / 'parts', config, folders, monkeypatch)
    if chapter_batches:
        forget(run, 'chapter_batches')
    run = RunDirectory.open(run.path)
    assert run.config == config
    resumed, = train(*resume_run(run.path, run.config, folders), folders)
    assert (resumed.loss, resumed.test_acc) == (unbroken.loss, unbroken.test_acc)


def test_a_run_from_before_equal_batches_keeps_its_own(tmp_path, folders, monkeypatch):
    config = replace(batch_size=7, num_epochs=1, checkpoint_every=2, chapter_batches=True)
    run = stopped_run(tmp_path / 'run', config, folders, monkeypatch)
    forget(run, 'chapter_batches')
    before = replace(batch_size=7, num_epochs=1, checkpoint_every=2)   # the same words as then
    assert resume_run(run.path, before, folders)[1].config == config


def stopped_run(path, config, folders, monkeypatch):
    """Return a run that ended in the middle of its first epoch."""
    save = Session.save

    def save_and_stop(session, meter):
        save(session, meter)
        raise KeyboardInterrupt
    net, run = start_run(str(path), config, folders)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Session, 'save', save_and_stop)
        train(net, run, folders)
    assert RunDirectory.open(run.path).last().state.position.batch == 2
    return run


def forget(run, name):
    """Make the files of a run those of a version that had no option `name`."""
    for path in Path(run.path).rglob('*.json'):
        if path.name in ('config.json', 'state.json'):
            value = json.loads(path.read_text())
            del (value['identity']['config'] if 'identity' in value else value)[name]
            before = file_sha256(path)
            path.write_text(json.dumps(value))
            sums = path.parent / 'SHA256SUMS'
            if sums.exists():
                sums.write_text(sums.read_text().replace(before, file_sha256(path)))


def test_an_interrupted_save_leaves_the_checkpoint_before(tmp_path, folders, monkeypatch):
    net, run = start_run(str(tmp_path / 'run'), CONFIG, folders)
    epochs = train_run(net, run, folders, progress=False)
    next(epochs)

    def broken(path):
        raise KeyboardInterrupt
    monkeypatch.setattr('gluon_finetune.runs.snapshots.fsync_folder', broken)
    with pytest.raises(KeyboardInterrupt):
        next(epochs)
    monkeypatch.undo()
    net, run = resume_run(run.path, CONFIG, folders)
    assert [record.epoch for record in run.history] == [1]
    assert [record.epoch for record in train(net, run, folders)] == [2]


def test_freezing_survives_a_resume(tmp_path, folders, tiny_source):
    config = replace(scratch=False, source=tiny_source, freeze=True, num_epochs=1)
    net, run = start_run(str(tmp_path / 'run'), config, folders)
    train(net, run, folders)
    net, run = resume_run(run.path, replace(**{**vars(run.config), 'num_epochs': 2}), folders)
    assert {p.grad_req for p in net.features.collect_params().values()} == {'null'}
    assert {p.lr_mult for p in net.output.collect_params().values()} == {10}
    assert len(train(net, run, folders)) == 1


@pytest.mark.mxnet1   # whose graphs can be cut
def test_a_resumed_run_has_the_cached_features_of_its_start(tmp_path, folders, tiny_source):
    source = tmp_path / os.path.basename(tiny_source)
    with open(source, 'wb') as file:   # whose features are more than the zeros of random weights
        write_params(file, {name: value * (4 if name.endswith('weight') else 1)
                            for name, value in read_params(tiny_source).items()})
    config = replace(scratch=False, source=str(source), freeze=True)
    unbroken = train(*start_run(str(tmp_path / 'unbroken'), config, folders), folders)
    net, run = start_run(str(tmp_path / 'parts'), replace(**{**vars(config), 'num_epochs': 1}),
                         folders)
    train(net, run, folders)
    shutil.rmtree(cache_dir())
    config = replace(**{**vars(run.config), 'num_epochs': 2})
    second, = train(*resume_run(run.path, config, folders), folders)
    assert (second.loss, second.test_acc) == (unbroken[1].loss, unbroken[1].test_acc)


def test_a_folder_that_is_not_empty_is_never_touched(tmp_path, folders):
    (tmp_path / 'mine.txt').write_text('mine')
    with pytest.raises(UsageError) as error:
        start_run(str(tmp_path), CONFIG, folders)
    assert str(error.value) == (f'output folder {tmp_path} already exists: choose a new one with '
                                f'--out, or resume the run in it with --resume')
    assert os.listdir(tmp_path) == ['mine.txt']


def test_a_folder_that_cannot_be_created_is_refused(tmp_path, folders):
    (tmp_path / 'file').write_text('')
    with pytest.raises(UsageError) as error:
        start_run(str(tmp_path / 'file' / 'run'), CONFIG, folders)
    assert str(error.value) == (
        f"output folder {tmp_path / 'file' / 'run'} cannot be written: Not a directory")


def test_nothing_is_written_when_the_network_is_wrong(tmp_path, folders):
    with pytest.raises(UsageError):
        start_run(str(tmp_path / 'run'), replace(network='resnet19'), folders)
    assert os.listdir(tmp_path) == []


def test_nothing_is_written_when_the_images_are_too_small(tmp_path, folders, capfd):
    with pytest.raises(UsageError) as error:
        start_run(str(tmp_path / 'run'), replace(network='squeezenet1.1'), folders)
    assert str(error.value) == ('images of 32x32 pixels do not fit this net: sizes that fit are '
                                '224, 256, 299, 331')
    assert os.listdir(tmp_path) == [] and 'infer_shape' not in capfd.readouterr().out


@pytest.mark.faults
def test_a_resumed_run_keeps_its_settings(tmp_path, folders):
    net, run = start_run(str(tmp_path / 'run'), CONFIG, folders)
    with pytest.raises(UsageError) as error:
        resume_run(run.path, replace(batch_size=9), folders)
    assert str(error.value) == (f'{run.path} was started with batch_size=8, not 9: a resumed run '
                                f'keeps its settings (only the number of epochs may grow)')


def test_images_and_settings_have_one_background(tmp_path, chairs, folders):
    _, run = start_run(str(tmp_path / 'run'), CONFIG, folders)
    black = gf.ImageFolders(chairs, background='black')
    for call, path in ((start_run, str(tmp_path / 'new')), (resume_run, run.path)):
        with pytest.raises(UsageError) as error:
            call(path, CONFIG, black)
        assert str(error.value) == (
            f"the images in {chairs} have background='black', but the settings of the run 'white': "
            f"give ImageFolders and Config the same")
    assert not os.path.exists(tmp_path / 'new')


@pytest.mark.parametrize('name, value', [
    ('num_workers', 2), ('checkpoint_every', 1), ('on_bad', 'skip'), ('on_diverge', 'rewind'),
    ('cache', 'ram')])
def test_settings_that_change_no_result_may_change(tmp_path, folders, name, value):
    net, run = start_run(str(tmp_path / 'run'), replace(num_epochs=1), folders)
    config = replace(**{name: value})
    resume_run(run.path, config, folders)
    assert RunDirectory.open(run.path).config == config


@pytest.mark.faults
def test_a_resumed_run_keeps_its_source(tmp_path, folders, tiny_source):
    source = shutil.copy(tiny_source, tmp_path)
    config = replace(scratch=False, source=source, num_epochs=1)
    net, run = start_run(str(tmp_path / 'run'), config, folders)
    train(net, run, folders)
    Path(source).write_bytes(b'other weights')
    with pytest.raises(UsageError) as error:
        resume_run(run.path, run.config, folders)
    assert re.sub('[0-9a-f]{8}', '-', str(error.value)) == (
        f'{source} is not the file that {run.path} was started from (SHA-256 -..., not -...): '
        f'restore that file')
    os.remove(source)   # its weights are in the checkpoint
    resume_run(run.path, run.config, folders)


def change_a_byte(root):
    """Edit an image in place and keep its size and its time."""
    path = root / 'train' / 'stool' / '1.jpg'
    content, times = bytearray(path.read_bytes()), path.stat()
    content[-3] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_other_classes_are_refused(tmp_path, folders, chairs_copy):
    net, run = start_run(str(tmp_path / 'run'), CONFIG, folders)
    for part in ('train', 'test'):
        (chairs_copy / part / 'sofa').rename(chairs_copy / part / 'couch')
    with pytest.raises(UsageError) as error:
        resume_run(run.path, CONFIG, gf.ImageFolders(chairs_copy))
    assert str(error.value) == (
        f'{run.path} was started with the classes bench, sofa, stool, not bench, couch, stool: use '
        f'the images it was started with')


@pytest.mark.faults
def test_a_changed_manifest_is_refused(tmp_path, chairs_copy):
    folders = gf.ImageFolders(chairs_copy)
    net, run = start_run(str(tmp_path / 'run'), replace(num_epochs=1), folders)
    train(net, run, folders)
    (chairs_copy / 'train' / 'sofa' / '0.jpg').unlink()
    manifest = Path(run.file('pictures.csv'))
    manifest.write_bytes(b''.join(line for line in manifest.read_bytes().splitlines(keepends=True)
                                  if b'train/sofa/0.jpg' not in line))
    with pytest.raises(UsageError) as error:
        resume_run(run.path, CONFIG, gf.ImageFolders(chairs_copy))
    assert str(error.value) == (
        f'the images in {chairs_copy} are not those that {run.path} was started with, and its '
        f'pictures.csv, which lists them, was changed')


@pytest.mark.faults
@pytest.mark.parametrize('change, difference', [
    (lambda root: (root / 'train' / 'sofa' / '0.jpg').unlink(), '1 missing (train/sofa/0.jpg)'),
    (lambda root: shutil.copy(root / 'test' / 'sofa' / '0.jpg', root / 'train' / 'sofa' / 'x.jpg'),
     '1 added (train/sofa/x.jpg)'),
    (lambda root: shutil.copy(root / 'test' / 'sofa' / '1.jpg', root / 'test' / 'sofa' / '0.jpg'),
     '1 changed (test/sofa/0.jpg)'),
    (change_a_byte, '1 changed (train/stool/1.jpg)')])
def test_a_resumed_run_keeps_its_images(tmp_path, chairs_copy, change, difference):
    folders = gf.ImageFolders(chairs_copy)
    net, run = start_run(str(tmp_path / 'run'), CONFIG, folders)
    change(chairs_copy)
    with pytest.raises(UsageError) as error:
        resume_run(run.path, CONFIG, gf.ImageFolders(chairs_copy))
    assert str(error.value) == (f'the images in {chairs_copy} are not those that {run.path} was '
                                f'started with: {difference}; restore the original images')


def test_a_run_without_a_seed_gets_one(tmp_path, folders):
    net, run = start_run(str(tmp_path / 'run'), replace(seed=None), folders)
    other = start_run(str(tmp_path / 'other'), replace(seed=None), folders)[1]
    assert run.config.seed != other.config.seed
    assert RunDirectory.open(run.path).config.seed == run.config.seed


def test_only_a_run_can_be_opened(tmp_path):
    with pytest.raises(UsageError) as error:
        RunDirectory.open(str(tmp_path / 'none'))
    assert str(error.value) == (f"no such run: {tmp_path / 'none'} (expected a folder that "
                                '`gluon-finetune train` wrote)')
    (tmp_path / 'config.json').write_text(json.dumps({'colour': 'red'}))
    with pytest.raises(UsageError, match='is not a run of `gluon-finetune train`, or is corrupt'):
        RunDirectory.open(str(tmp_path))


def test_nothing_is_written_for_a_precision_that_the_cpu_lacks(tmp_path, folders, monkeypatch):
    monkeypatch.setattr('gluon_finetune.training.devices.has_bfloat16', lambda: False)
    with pytest.raises(UsageError) as error:
        start_run(str(tmp_path / 'run'), replace(dtype='bfloat16'), folders, [mx.cpu()])
    assert str(error.value) == (
        'dtype bfloat16 needs a CPU with AVX-512, which this one lacks: use float32')
    assert os.listdir(tmp_path) == []


def test_a_run_starts_in_a_precision_that_the_cpu_has(tmp_path, folders, monkeypatch):
    monkeypatch.setattr('gluon_finetune.training.devices.has_bfloat16', lambda: True)
    _, run = start_run(str(tmp_path / 'run'), replace(dtype='bfloat16'), folders, [mx.cpu()])
    assert RunDirectory.open(run.path).config.dtype == 'bfloat16'
