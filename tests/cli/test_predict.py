import json

from commands import call


def test_predict_prints_the_classes_of_each_image(run, chairs, capsys):
    files = sorted((chairs / 'test').rglob('*.jpg'))[:2]
    status, out, _ = call(capsys, 'predict', run, *files)
    assert status == 0
    assert [line.split(': ')[0] for line in out.splitlines()] == [str(file) for file in files]
    status, out, _ = call(capsys, 'predict', run, *files, '--json', '--top', '1')
    assert [entry['file'] for entry in json.loads(out)] == [str(file) for file in files]
    assert [len(entry['classes']) for entry in json.loads(out)] == [1, 1]
