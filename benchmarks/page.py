"""Measure the time and the size of the report's page, with made-up predictions.

    python benchmarks/page.py [--classes N] [--images M] [--out FOLDER]

N classes (default: 1000) with M test images each (default: 5) and as many training images, small
noise. Loading the network and predicting the images are not measured; class activation maps are.
"""
import argparse
import os
import tempfile
import time

import numpy as np
from PIL import Image

import gluon_finetune as gf
from gluon_finetune.compat.imports import array
from gluon_finetune.results.predictions import Predictions
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.manifest import Manifest

NETWORK, IMAGE_SIZE = 'mobilenetv2_0.25', 64


def draw_images(root, classes, images):
    """Write training and test images, one folder per class."""
    random = np.random.RandomState(0)
    for part in ('train', 'test'):
        for label in range(classes):
            folder = os.path.join(root, part, f'class {label:04d}')
            os.makedirs(folder)
            for i in range(images):
                pixels = random.randint(0, 255, (48, 64, 3)).astype('uint8')
                Image.fromarray(pixels).save(os.path.join(folder, f'{i}.jpg'))
    return gf.ImageFolders(root)


def make_run(path, folders):
    """Write the directory of a run that was not trained."""
    net = gf.scratch_net(NETWORK, folders.classes, seed=0)
    net(array(np.zeros((1, 3, IMAGE_SIZE, IMAGE_SIZE))))
    config = gf.Config(network=NETWORK, image_size=IMAGE_SIZE)
    run = RunDirectory.create(path, config, folders.classes, None,
                              Manifest.of(folders, folders.hashes(progress=False)), folders.root)
    net.save_parameters(run.file('best.params'))
    gf.History([gf.Record(epoch, 1 / epoch, 0.7, 0.7, 100, 10, 0.01) for epoch in range(1, 6)]
               ).to_csv(run.file('history.csv'))
    return run


def make_up_predictions(folders):
    """Return probabilities of which about 7 of 10 are right."""
    random = np.random.RandomState(0)
    labels = [label for _, label in folders.test.items]
    logits = random.normal(size=(len(labels), len(folders.classes)))
    logits[np.arange(len(labels)), labels] += random.normal(4, 1.5, len(labels))
    powers = np.exp(2 * logits)
    return Predictions([path for path, _ in folders.test.items], labels,
                       (powers / powers.sum(axis=1, keepdims=True)).astype('float32'))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--classes', type=int, default=1000)
    parser.add_argument('--images', type=int, default=5)
    parser.add_argument('--out', help='folder to keep images and run in')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        out = options.out or temporary
        folders = draw_images(os.path.join(out, 'images'), options.classes, options.images)
        run, predictions = make_run(os.path.join(out, 'run'), folders), make_up_predictions(folders)
        began, cpu = time.perf_counter(), time.process_time()
        path = gf.write_report(run, folders, predictions=predictions)
        print(f'{options.classes} classes, {len(predictions.paths)} images: '
              f'{time.perf_counter() - began:.1f} s ({time.process_time() - cpu:.1f} s of CPU), '
              f'{os.path.getsize(path) / 1e6:.2f} MB, predictions.csv '
              f'{os.path.getsize(run.file("predictions.csv")) / 1e6:.1f} MB')


if __name__ == '__main__':
    main()
