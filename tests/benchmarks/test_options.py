"""Options, the choice of sides, and folders of images of any number."""
import os
import sys

import options
import pytest
from harness import Side


@pytest.fixture
def parse(monkeypatch):
    def call(*words):
        monkeypatch.setattr(sys, 'argv', ['epoch.py', *words])
        parser = options.make_parser('Measures.')
        options.add_images(parser)
        return options.parse(parser, train=8, batch_size=4)
    return call


def test_quick_changes_defaults_alone(parse):
    args = parse()
    assert (args.rounds, args.image_size, args.train, args.batch_size) == (5, 224, 512, 128)
    args = parse('--quick', '--train', '3')
    assert (args.rounds, args.image_size, args.train, args.batch_size) == (1, 32, 3, 4)


def test_chosen(parse):
    sides = [Side(name, '', '') for name in ('gluon', 'PyTorch, compiled', 'PyTorch tab')]
    assert options.chosen(sides, parse()) == sides
    assert options.chosen(sides, parse('--sides', 'gluon', 'PyTorch tab')) == [sides[0], sides[2]]
    with pytest.raises(SystemExit) as error:
        options.chosen(sides, parse('--sides', 'JAX'))
    assert str(error.value) == ('--sides JAX: no such side; sides: gluon; '
                                'PyTorch, compiled; PyTorch tab')


def test_images_are_copied_class_by_class_and_repeated_if_too_few(parse, chairs):
    with options.images(parse('--data', str(chairs)), (7, 2), (30, 3)) as (small, large):
        count = {root: [len(os.listdir(os.path.join(root, part, name)))
                        for part in ('train', 'test') for name in ('bench', 'sofa', 'stool')]
                 for root in (small, large)}
        assert count == {small: [3, 2, 2, 1, 1, 1], large: [10, 10, 10, 1, 1, 1]}
    assert not os.path.exists(small)
