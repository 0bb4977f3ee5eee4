"""Images with equal bytes are found wherever they lie, and said to be what they are."""
import os
import shutil

import pytest

from gluon_finetune.data.duplicates import (
    find_copies,
    find_leaks,
    without_leaks,
)
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.errors import UsageError


def copied(root, source, *targets):
    for target in targets:
        shutil.copyfile(root / source, root / target)


def said(root, **options):
    return [str(finding) for finding in find_copies(ImageFolders(root), progress=False, **options)]


def test_nothing_is_said_of_images_that_differ(chairs):
    assert said(chairs) == []


def test_test_images_that_were_trained_on(chairs_copy):
    copied(chairs_copy, 'train/sofa/3.jpg', 'test/sofa/0.jpg')
    assert said(chairs_copy) == [
        '1 of 12 test images is a copy of a training image (test/sofa/0.jpg = train/sofa/3.jpg): '
        'they make the test accuracy too high; skip them with --drop-leaks']
    for number in (1, 2, 3):
        copied(chairs_copy, f'train/bench/{number}.jpg', f'test/bench/{number}.jpg')
    assert said(chairs_copy) == [
        '4 of 12 test images are copies of training images (test/bench/1.jpg = train/bench/1.jpg, '
        'test/bench/2.jpg = train/bench/2.jpg, test/bench/3.jpg = train/bench/3.jpg, ...): they '
        'make the test accuracy too high; skip them with --drop-leaks']
    assert said(chairs_copy, drop_leaks=True)[0].endswith(', ...): skipped')


def test_one_image_under_two_classes(chairs_copy):
    copied(chairs_copy, 'train/sofa/3.jpg', 'train/stool/9.jpg')
    assert said(chairs_copy) == [
        '1 image has copies in more than one class (train/sofa/3.jpg = train/stool/9.jpg): their '
        'labels contradict each other; keep each in one class']


def test_a_test_image_trained_on_under_another_class(chairs_copy):
    copied(chairs_copy, 'train/sofa/3.jpg', 'test/stool/9.jpg')
    kinds = [finding.kind for finding in find_copies(ImageFolders(chairs_copy), progress=False)]
    assert kinds == ['leaks', 'contradictions']
    copied(chairs_copy, 'train/sofa/3.jpg', 'train/stool/z.jpg')   # now in its class too
    root = str(chairs_copy)
    assert find_leaks(ImageFolders(root), progress=False) == {
        os.path.join(root, 'test', 'stool', '9.jpg'): os.path.join(root, 'train', 'stool', 'z.jpg')}


def test_copies_within_a_class(chairs_copy):
    copied(chairs_copy, 'train/sofa/3.jpg', 'train/sofa/x.jpg', 'train/sofa/y.png')
    copied(chairs_copy, 'test/bench/0.jpg', 'test/bench/a b.jpg')
    assert said(chairs_copy) == [
        '2 of 26 training images are copies of another one in their class (train/sofa/x.jpg = '
        'train/sofa/3.jpg, train/sofa/y.png = train/sofa/3.jpg): they count more than once; '
        'remove them',
        '1 of 13 test images is a copy of another one in their class (test/bench/a b.jpg = '
        'test/bench/0.jpg): they count more than once; remove them']


def test_files_that_cannot_be_used_are_no_copies(chairs_copy):
    for name in ('train/sofa/a.jpg', 'train/stool/b.jpg', 'test/sofa/c.jpg'):
        (chairs_copy / name).write_text('<html>404 not found</html>')
    for name in ('train/sofa/d.jpg', 'test/sofa/e.jpg'):
        (chairs_copy / name).touch()
    assert said(chairs_copy) == []


def test_links_to_one_file_are_equal(chairs_copy):
    os.symlink(chairs_copy / 'train/sofa/1.jpg', chairs_copy / 'test/sofa/link.jpg')
    assert len(find_leaks(ImageFolders(chairs_copy), progress=False)) == 1


def test_leaks_are_dropped_from_the_test(chairs_copy):
    copied(chairs_copy, 'train/sofa/3.jpg', 'test/sofa/0.jpg', 'test/stool/1.jpg')
    folders = without_leaks(ImageFolders(chairs_copy))
    assert len(folders.train) == 24 and len(folders.test) == 10
    assert find_leaks(folders, progress=False) == {}
    assert without_leaks(folders) is folders


def test_copies_among_training_validation_and_test(chairs_val_copy):
    copied(chairs_val_copy, 'train/sofa/3.jpg', 'val/sofa/0.jpg', 'test/sofa/0.jpg')
    copied(chairs_val_copy, 'val/stool/1.jpg', 'test/stool/2.jpg', 'test/stool/3.jpg')
    copied(chairs_val_copy, 'val/bench/1.jpg', 'val/bench/9.jpg')
    assert said(chairs_val_copy) == [
        '1 of 12 test images is a copy of a training image (test/sofa/0.jpg = train/sofa/3.jpg): '
        'they make the test accuracy too high; skip them with --drop-leaks',
        '1 of 10 validation images is a copy of a training image (val/sofa/0.jpg = '
        'train/sofa/3.jpg): they make the validation accuracy too high, by which the best epoch is '
        'chosen; skip them with --drop-leaks',
        '2 of 12 test images are copies of validation images (test/stool/2.jpg = val/stool/1.jpg, '
        'test/stool/3.jpg = val/stool/1.jpg): the best epoch is chosen by them, which makes the '
        'test accuracy too high; skip them with --drop-leaks',
        '1 of 12 test images is a copy of another one in their class (test/stool/3.jpg = '
        'test/stool/2.jpg): they count more than once; remove them',
        '1 of 10 validation images is a copy of another one in their class (val/bench/9.jpg = '
        'val/bench/1.jpg): they count more than once; remove them']
    folders = without_leaks(ImageFolders(chairs_val_copy))
    assert [len(images) for images in folders.parts.values()] == [24, 9, 9]
    assert find_leaks(folders, progress=False) == {}


def test_validation_images_under_another_class_contradict(chairs_val_copy):
    copied(chairs_val_copy, 'train/sofa/3.jpg', 'val/stool/0.jpg')
    kinds = [finding.kind for finding in find_copies(ImageFolders(chairs_val_copy), False)]
    assert kinds == ['val_leaks', 'contradictions']


@pytest.mark.parametrize('part, source, text', [
    ('val', 'train', 'all 24 validation images of {} are copies of training images: validate on '
                     'other images'),
    ('test', 'val', 'all 9 test images of {} are copies of training or validation images: test on '
                    'other images')])
def test_a_part_of_leaks_alone_is_refused(chairs_val_copy, part, source, text):
    shutil.rmtree(chairs_val_copy / part)
    shutil.copytree(chairs_val_copy / source, chairs_val_copy / part)
    with pytest.raises(UsageError) as error:
        without_leaks(ImageFolders(chairs_val_copy))
    assert str(error.value) == text.format(chairs_val_copy)


def test_a_test_set_of_leaks_alone_is_refused(chairs_copy):
    shutil.rmtree(chairs_copy / 'test')
    shutil.copytree(chairs_copy / 'train', chairs_copy / 'test')
    with pytest.raises(UsageError) as error:
        without_leaks(ImageFolders(chairs_copy))
    assert str(error.value) == (f'all 24 test images of {chairs_copy} are copies of training '
                                'images: test on other images')
