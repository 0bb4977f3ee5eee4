import json
import os
import shutil

from commands import call
from PIL import Image


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


def test_what_is_not_used_and_images_of_one_colour_are_said(chairs_copy, capsys):
    plain = chairs_copy / 'train' / 'sofa' / 'plain.png'
    Image.new('RGB', (40, 40), 'red').save(plain)
    (chairs_copy / 'train' / 'sofa' / 'clip.mp4').touch()
    shutil.copytree(chairs_copy / 'test', chairs_copy / 'valid')
    for path in (chairs_copy / 'valid').glob('*/*.jpg'):
        with Image.open(path) as image:
            image.transpose(Image.FLIP_LEFT_RIGHT).save(path)   # no copy of a test image
    status, out, _ = call(capsys, 'check', chairs_copy)
    assert status == 0 and out.splitlines() == [
        f'{plain}: without contrast, all of its pixels have nearly the same colour',
        f'not used: 1 file in {chairs_copy} (1 .mp4)',
        '25 training, 12 validation and 12 test images of 3 classes, 0 cannot be decoded']
    status, out, _ = call(capsys, 'check', chairs_copy, '--json')
    said = json.loads(out)
    assert (status, said['val'], said['without_contrast']) == (0, 12, [str(plain)])
    assert said['notes'] == [f'not used: 1 file in {chairs_copy} (1 .mp4)']


def test_a_name_that_cannot_be_a_class_is_refused_at_once(chairs_copy, capsys):
    os.rename(chairs_copy / 'test' / 'sofa', chairs_copy / 'test' / 'sofa\r')
    for command in (['check'], ['train', '--network', 'mobilenetv2_0.25', '--scratch']):
        status, out, err = call(capsys, *command[:1], chairs_copy, *command[1:])
        path = f'{chairs_copy}/test/sofa\\r'
        assert (status, out) == (2, '') and err == [
            f"gluon-finetune: class folder '{path}' has the control character '\\r' in its name: "
            f"rename the folder"]
