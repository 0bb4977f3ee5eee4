import json

from commands import call


def test_check_lists_the_images_that_cannot_be_decoded(chairs_copy, capsys):
    bad = next(iter((chairs_copy / 'train').iterdir())) / 'text.jpg'
    bad.write_text('no image')
    status, out, _ = call(capsys, 'check', chairs_copy)
    assert status == 1 and out.splitlines()[0].startswith(f'{bad}: ')
    assert out.splitlines()[1:] == [
        '25 training and 12 test images of 3 classes, 1 cannot be decoded']
    status, out, _ = call(capsys, 'check', chairs_copy, '--json')
    assert status == 1 and [entry['file'] for entry in json.loads(out)['bad']] == [str(bad)]


def test_a_folder_without_fault(chairs, capsys):
    status, out, _ = call(capsys, 'check', chairs)
    assert status == 0
    assert out == '24 training and 12 test images of 3 classes, 0 cannot be decoded\n'


def test_check_lists_copies(chairs_copy, capsys):
    for name, copy in (('train/sofa/3.jpg', 'test/sofa/0.jpg'),
                       ('train/bench/1.jpg', 'train/bench/other name.jpg')):
        (chairs_copy / copy).write_bytes((chairs_copy / name).read_bytes())
    status, out, _ = call(capsys, 'check', chairs_copy)
    assert status == 0
    assert out.splitlines()[1:] == [
        '1 of 12 test images is a copy of a training image: they make the test accuracy too '
        'high; skip them with --drop-leaks',
        '  test/sofa/0.jpg = train/sofa/3.jpg',
        '1 of 25 training images is a copy of another one in their class: they count more than '
        'once; remove them',
        '  train/bench/other name.jpg = train/bench/1.jpg']
    _, out, _ = call(capsys, 'check', chairs_copy, '--json')
    assert json.loads(out)['copies'] == {
        'leaks': [['test/sofa/0.jpg', 'train/sofa/3.jpg']],
        'train_copies': [['train/bench/other name.jpg', 'train/bench/1.jpg']]}
