import csv
import io
import json
import os
import subprocess
import sys

import pytest
from commands import call

MODULE = [sys.executable, '-W', 'ignore', '-m', 'gluon_finetune']


@pytest.fixture
def new(chairs_copy):
    """Six images to classify in two folders, one of which is no image."""
    folder = chairs_copy / 'test' / 'stool'
    (folder / '1.jpg').write_bytes(b'')
    (folder / 'deep').mkdir()
    (folder / '0.jpg').rename(folder / 'deep' / 'a, "b"\n.jpg')
    return folder


def test_predict_prints_the_classes_of_each_image(run, chairs, capsys):
    files = sorted((chairs / 'test').rglob('*.jpg'))[:2]
    status, out, _ = call(capsys, 'predict', run, *files)
    assert status == 0
    assert [line.split(': ')[0] for line in out.splitlines()] == [str(file) for file in files]
    status, out, _ = call(capsys, 'predict', run, *files, '--json', '--top', '1')
    assert [entry['file'] for entry in json.loads(out)] == [str(file) for file in files]
    assert [len(entry['classes']) for entry in json.loads(out)] == [1, 1]


def test_a_bad_file_costs_no_other(run, new, capsys):
    status, out, err = call(capsys, 'predict', run, new / '2.jpg', new / '1.jpg', 'gone.png',
                            new / '3.jpg')
    assert status == 1
    assert [line.split(': ')[0] for line in out.splitlines()] == [
        str(new / '2.jpg'), str(new / '3.jpg')]
    assert err == [
        f'gluon-finetune: cannot use the image {new}/1.jpg: the file is empty',
        'gluon-finetune: cannot use the image gone.png: cannot be read: No such file or directory']


def test_only_bad_files(run, capsys):
    assert call(capsys, 'predict', run, 'gone.jpg', '*.gone', '--json') == (
        1, '[\n  {\n    "file": "gone.jpg",\n    "error": "cannot be read: No such file or '
           'directory"\n  },\n  {\n    "file": "*.gone",\n    "error": "no file matches this '
           'pattern"\n  }\n]\n',
        ['gluon-finetune: cannot use the image gone.jpg: cannot be read: No such file or directory',
         'gluon-finetune: cannot use the image *.gone: no file matches this pattern'])


def test_json_has_an_entry_for_each_file_of_a_folder(run, new, capsys):
    status, out, _ = call(capsys, 'predict', run, new, '--json')
    entries = json.loads(out)
    assert status == 1 and [os.path.relpath(entry['file'], new) for entry in entries] == [
        '1.jpg', '2.jpg', '3.jpg', 'deep/a, "b"\n.jpg']
    assert [set(entry) for entry in entries] == [{'file', 'error'}] + [{'file', 'classes'}] * 3


def test_csv_has_a_row_for_each_class(run, new, capsys):
    status, out, err = call(capsys, 'predict', run, new, '--csv', '--top', '2')
    heading, *rows = csv.reader(io.StringIO(out, newline=''))
    assert status == 1 and len(err) == 1 and heading == ['file', 'class', 'probability']
    assert [os.path.relpath(row[0], new) for row in rows] == [
        '2.jpg', '2.jpg', '3.jpg', '3.jpg', 'deep/a, "b"\n.jpg', 'deep/a, "b"\n.jpg']
    assert all(0 <= float(row[2]) <= 1 and row[1] in ('bench', 'sofa', 'stool') for row in rows)


@pytest.mark.parametrize('words, message', [
    (['--top', '0'], "argument --top: must be a whole number of at least 1, not '0'"),
    (['--top', '-3'], "argument --top: must be a whole number of at least 1, not '-3'"),
    (['--top', 'all'], "argument --top: must be a whole number of at least 1, not 'all'"),
    (['--json', '--csv'], 'argument --csv: not allowed with argument --json')])
def test_wrong_use(capsys, words, message):
    with pytest.raises(SystemExit) as error:
        call(capsys, 'predict', 'run', 'a.jpg', *words)
    assert error.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f'gluon-finetune predict: error: {message}'


def test_answers_come_one_after_the_other(run, new):
    process = subprocess.Popen([*MODULE, 'predict', str(run), '-'], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, bufsize=0)
    for name in ('2.jpg', '3.jpg'):   # each after the answer to the one before
        process.stdin.write(os.fsencode(f'{new / name}\n'))
        assert process.stdout.readline().startswith(os.fsencode(f'{new / name}: '))
    assert process.communicate() == (b'', None) and process.returncode == 0


def test_nobody_reads_the_output(run, new):
    words = [*MODULE, 'predict', str(run), *[str(new / '2.jpg')] * 200]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()   # as head does
        assert process.stderr.read() == b'' and process.wait() == 141


def test_a_name_that_is_not_unicode(run, new):
    path = os.fsencode(new) + b'/\xff.jpg'
    os.rename(new / '2.jpg', path)
    done = subprocess.run([*MODULE, 'predict', str(run), os.fsdecode(path)], stdout=subprocess.PIPE,
                          env={**os.environ, 'PYTHONIOENCODING': 'utf-8:strict'})
    assert done.returncode == 0 and done.stdout.startswith(os.fsencode(new) + b'/\\udcff.jpg: ')
