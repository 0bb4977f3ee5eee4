"""A folder without test/ is split by class, the same way everywhere; a split can be reused."""
import json
import os

import pytest

from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.errors import UsageError


@pytest.fixture
def chairs(tmp_path, monkeypatch):
    """chairs/sofa with 10 empty images and chairs/stool with 5, in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name, count in (('sofa', 10), ('stool', 5)):
        os.makedirs(f'chairs/{name}')
        for i in range(count):
            open(f'chairs/{name}/{i}.jpg', 'w').close()
    return 'chairs'


def refused(*args, **kwargs):
    with pytest.raises(UsageError) as caught:
        ImageFolders(*args, **kwargs)
    return str(caught.value)


def test_each_class_is_split_by_the_fraction(chairs):
    folders = ImageFolders(chairs)
    assert [label for _, label in folders.test.items] == [0, 0, 1]
    assert sorted(folders.train.items + folders.test.items) == [
        (os.path.join('chairs', name, f'{i}.jpg'), label)
        for label, (name, count) in enumerate([('sofa', 10), ('stool', 5)]) for i in range(count)]
    assert folders.split['seed'] == 0 and folders.split['test_fraction'] == 0.2


def test_the_split_is_the_same_on_every_machine(chairs):
    # Written down, because another split would change people's test sets.
    assert ImageFolders(chairs).split['test'] == ['sofa/0.jpg', 'sofa/4.jpg', 'stool/2.jpg']
    assert ImageFolders(chairs, seed=1).split['test'] == ['sofa/1.jpg', 'sofa/5.jpg', 'stool/3.jpg']


def test_an_added_image_moves_no_other_across(chairs):
    before = ImageFolders(chairs, test_fraction=0.5).split
    open('chairs/stool/new.jpg', 'w').close()
    after = ImageFolders(chairs, test_fraction=0.5).split
    assert len(set(after['test']) ^ set(before['test'])) <= 1


@pytest.mark.parametrize('fraction, counts', [(0.001, (1, 1)), (0.999, (9, 4)), (0.5, (5, 2))])
def test_at_least_one_image_of_each_class_on_each_side(chairs, fraction, counts):
    labels = [label for _, label in ImageFolders(chairs, test_fraction=fraction).test.items]
    assert (labels.count(0), labels.count(1)) == counts


def test_a_train_folder_without_test_is_split(chairs, tmp_path):
    plain = ImageFolders(chairs).split['test']
    os.makedirs('shop')
    os.rename(chairs, 'shop/train')
    folders = ImageFolders('shop')
    assert len(folders.test) == len(plain) and folders.split['test'][0].startswith('train/sofa/')


def test_a_split_comes_back_as_dict_and_as_file(chairs, tmp_path):
    first = ImageFolders(chairs, seed=7)
    (tmp_path / 'split.json').write_text(json.dumps(first.split))
    open('chairs/stool/new.jpg', 'w').close()   # not in the split, so on neither side
    for split in (first.split, 'split.json', tmp_path / 'split.json'):
        again = ImageFolders(chairs, split=split)
        assert (again.train.items, again.test.items) == (first.train.items, first.test.items)
        assert again.split == first.split


def test_skipped_images_are_removed_from_the_split(chairs):
    folders = ImageFolders(chairs)
    bad = folders.train.items[0][0]
    rest = folders.without([bad])
    assert len(rest.split['train']) == len(folders.split['train']) - 1
    assert ImageFolders(chairs, split=rest.split).train.items == rest.train.items


def test_one_image_cannot_be_split(chairs):
    os.makedirs('chairs/bench')
    open('chairs/bench/1.jpg', 'w').close()
    assert refused(chairs) == ("class 'bench' has only one image (bench/1.jpg): "
                               'a split into training and test images needs at least 2 per class')


@pytest.mark.parametrize('fraction', [0, 1, -0.1, 2, float('nan')])
def test_a_fraction_out_of_range(chairs, fraction):
    assert refused(chairs, test_fraction=fraction) == (
        f'test_fraction is {fraction!r}: it must be between 0 and 1, such as 0.2')


def test_splits_that_do_not_fit(chairs, tmp_path):
    split = ImageFolders(chairs).split
    gone = dict(split, test=split['test'] + ['stool/a.jpg', '../b.jpg'])
    assert refused(chairs, split=gone) == ('the split names 2 images that are not in chairs: '
                                           '../b.jpg, stool/a.jpg; make a new split')
    twice = dict(split, test=split['test'] + split['train'][:1])
    assert refused(chairs, split=twice) == (
        'the split has 1 images in both `train` and `test`: '
        f'{split["train"][0]}; make a new split')
    unused = dict(split, train=[path for path in split['train'] if 'stool' not in path])
    assert refused(chairs, split=unused) == ("class 'stool' has no training images in the "
                                             'split: make a new split')
    assert refused(chairs, split=dict(split, test=[])) == (
        'the test set has no images in the split: make a new split')
    assert refused(chairs, split={'train': []}) == (
        'invalid split: expected a dict with the lists `train` and `test` of paths')
    assert refused(chairs, split='no.json') == (
        'cannot read no.json: No such file or directory')
    (tmp_path / 'bad.json').write_text('{')
    assert refused(chairs, split='bad.json') == (
        'bad.json is not valid JSON: Input data was truncated')
    for wrong in ('[]', '{"train": "a", "test": []}', '{"train": [1, "a"], "test": [{}]}'):
        (tmp_path / 'bad.json').write_text(wrong)
        assert refused(chairs, split='bad.json') == (
            'invalid split: expected a dict with the lists `train` and `test` of paths')
    os.makedirs('chairs/train')
    os.rename('chairs/sofa', 'chairs/train/sofa')
    os.rename('chairs/stool', 'chairs/train/stool')
    os.makedirs('chairs/test')
    assert refused(chairs, split=split) == ('split= was given, but chairs/test exists: '
                                            'omit split=, or move the test folder away')


def fill(*paths, content):
    for path in paths:
        with open(path, 'w') as file:
            file.write(content)


def sides(split, *paths):
    return {'test' if path in split['test'] else 'train' for path in paths}


def test_copies_stay_on_one_side(chairs):
    fill('chairs/sofa/0.jpg', 'chairs/sofa/1.jpg', content='one')
    fill('chairs/sofa/5.jpg', 'chairs/stool/2.jpg', 'chairs/stool/4.jpg', content='two')
    for seed in range(30):
        for fraction in (0.2, 0.5, 0.8):
            split = ImageFolders(chairs, seed=seed, test_fraction=fraction).split
            assert len(sides(split, 'sofa/0.jpg', 'sofa/1.jpg')) == 1
            assert len(sides(split, 'sofa/5.jpg', 'stool/2.jpg', 'stool/4.jpg')) == 1
            for name in ('sofa', 'stool'):
                assert any(path.startswith(name) for path in split['train'])
                assert any(path.startswith(name) for path in split['test'])
            assert abs(len(split['test']) - 15 * fraction) <= 2


def test_images_that_differ_are_split_as_if_they_had_no_content(chairs):
    before = [ImageFolders(chairs, seed=seed).split for seed in range(5)]
    for name, count in (('sofa', 10), ('stool', 5)):
        for i in range(count):
            fill(f'chairs/{name}/{i}.jpg', content=f'{name}{i}')
    assert [ImageFolders(chairs, seed=seed).split for seed in range(5)] == before


def test_a_saved_split_may_have_copies_on_both_sides(chairs):
    split = ImageFolders(chairs).split
    fill('chairs/sofa/0.jpg', 'chairs/sofa/1.jpg', content='one')
    assert sides(split, 'sofa/0.jpg', 'sofa/1.jpg') == {'test', 'train'}
    assert ImageFolders(chairs, split=split).split == split


def test_a_class_of_many_copies_gives_as_few_as_it_can(chairs):
    fill(*(f'chairs/stool/{i}.jpg' for i in (0, 1, 2)), content='three')
    fill(*(f'chairs/stool/{i}.jpg' for i in (3, 4)), content='two')
    split = ImageFolders(chairs).split
    assert [path for path in split['test'] if 'stool' in path] == ['stool/3.jpg', 'stool/4.jpg']


def test_a_class_of_one_image_is_not_tested(chairs):
    fill(*(f'chairs/stool/{i}.jpg' for i in range(5)), content='one')
    assert ImageFolders(chairs).split['test'] == ['sofa/0.jpg', 'sofa/4.jpg']
    fill(*(f'chairs/sofa/{i}.jpg' for i in range(10)), content='another')
    assert refused(chairs) == ('the images of each class in chairs are copies of one: a split into '
                               'training and test images needs at least 2 that differ')


def test_a_fraction_for_validation_is_taken_from_the_training_images(chairs):
    plain, folders = ImageFolders(chairs), ImageFolders(chairs, val_fraction=0.25)
    assert folders.test.items == plain.test.items
    # Written down, because another split would change people's validation sets.
    assert folders.split == {
        'seed': 0, 'test_fraction': 0.2, 'val_fraction': 0.25,
        'train': [path for path in plain.split['train'] if path not in folders.split['val']],
        'test': plain.split['test'], 'val': ['sofa/6.jpg', 'sofa/9.jpg', 'stool/4.jpg']}
    assert [label for _, label in folders.val.items] == [0, 0, 1]
    assert folders.eval_part == 'val' and plain.eval_part == 'test' and plain.val is None


def test_a_fraction_for_validation_beside_a_test_folder(chairs, tmp_path):
    os.makedirs('shop/test/sofa')
    open('shop/test/sofa/1.jpg', 'w').close()
    os.rename(chairs, 'shop/train')
    folders = ImageFolders('shop', val_fraction=0.4, seed=3)
    assert [len(images) for images in folders.parts.values()] == [9, 1, 6]
    assert folders.split.keys() == {'seed', 'val_fraction', 'train', 'val'}
    (tmp_path / 'split.json').write_text(json.dumps(folders.split))
    open('shop/train/sofa/new.jpg', 'w').close()   # not in the split, so in no part
    again = ImageFolders('shop', split='split.json')
    assert again.counts == folders.counts == '9 training, 6 validation and 1 test images'
    assert again.val.items == folders.val.items and again.split == folders.split
    os.remove('shop/test/sofa/1.jpg')
    os.removedirs('shop/test/sofa')
    assert refused('shop', split=folders.split) == (
        'the split has no test images, and shop no test folder: restore the folder, or make a new '
        'split')


def test_skipped_validation_images_are_removed_from_the_split(chairs):
    folders = ImageFolders(chairs, val_fraction=0.25)
    rest = folders.without([folders.val.items[0][0]])
    assert rest.split['val'] == folders.split['val'][1:] and len(rest.val) == 2
    assert rest.split['train'] == folders.split['train']


@pytest.mark.parametrize('fraction', [1, -0.1, float('nan')])
def test_a_fraction_for_validation_out_of_range(chairs, fraction):
    assert refused(chairs, val_fraction=fraction) == (
        f'val_fraction is {fraction!r}: it must be between 0 and 1, such as 0.2')


def test_one_training_image_cannot_be_split(chairs):
    os.makedirs('chairs/bench')
    for i in (1, 2):
        open(f'chairs/bench/{i}.jpg', 'w').close()
    last, = [path for path in ImageFolders(chairs).split['train'] if 'bench' in path]
    assert refused(chairs, val_fraction=0.2) == (
        f"class 'bench' has only one training image ({last}): a split into training and validation "
        f"images needs at least 2 per class")


def test_copies_stay_in_one_of_three_parts(chairs):
    fill('chairs/sofa/0.jpg', 'chairs/sofa/1.jpg', content='one')
    fill('chairs/sofa/5.jpg', 'chairs/stool/2.jpg', 'chairs/stool/4.jpg', content='two')
    for seed in range(30):
        split = ImageFolders(chairs, seed=seed, val_fraction=0.4).split
        for copies in (('sofa/0.jpg', 'sofa/1.jpg'),
                       ('sofa/5.jpg', 'stool/2.jpg', 'stool/4.jpg')):
            assert len({part for part in ('train', 'test', 'val') for path in copies
                        if path in split[part]}) == 1


def test_an_image_in_two_of_three_parts_is_refused(chairs):
    split = ImageFolders(chairs, val_fraction=0.25).split
    twice = dict(split, val=split['val'] + split['test'][:1])
    assert refused(chairs, split=twice) == (
        f'the split has 1 images in both `test` and `val`: {split["test"][0]}; make a new split')
    assert refused(chairs, split=dict(split, val=[])) == (
        'the validation set has no images in the split: make a new split')
    assert refused(chairs, split=dict(split, val='a')).startswith('invalid split: ')
