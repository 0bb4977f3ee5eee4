"""Effect of decoding large JPEGs at a half, a quarter or an eighth of their size.

    python benchmarks/reduced.py DATA SOURCE [--image-size 64]

A net is fine-tuned on the photographs DATA from the weights SOURCE, then classifies the test
images, decoded at full size; reduced if twice the needed pixels remain on each side, as the
package does; and reduced if just enough remain. The same without a net for synthetic images of
4000x3000 pixels with sensor noise, at 224 pixels. Differences are those of the resized images from
the ones decoded at full size, in steps of 1/255.
"""
import argparse
import os
import statistics
import tempfile
import time

import numpy as np
from this_package import draw_kind

import gluon_finetune as gf
from gluon_finetune.compat.imports import array
from gluon_finetune.config import IMAGENET_STD
from gluon_finetune.data import augment
from gluon_finetune.data.image import EncodedImage
from gluon_finetune.data.loader import read_crop
from gluon_finetune.training.evaluate import predict_probabilities

WAYS = {'full size': float('inf'), 'twice the pixels left': 2, 'just enough left': 1}
COLUMNS = ['images', 'decoded', 'reduced', 'ms per image', 'difference, mean',
           '99th percentile', 'maximum', 'accuracy', 'changed answers']


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('data')
    parser.add_argument('source')
    parser.add_argument('--image-size', type=int, default=64)
    parser.add_argument('--epochs', type=int, default=5)
    parser.add_argument('--large', type=int, default=8, help='images of 4000x3000')
    args = parser.parse_args()
    folders = gf.ImageFolders(args.data)
    gf.seed_everything(0)
    net = gf.finetune_net(args.source, folders.classes)
    gf.train_fine_tuning(net, 0.01, 32, args.epochs, data=folders, image_size=args.image_size,
                         seed=0)
    print(f'| {" | ".join(COLUMNS)} |\n' + '|---|---' + '|---:' * (len(COLUMNS) - 2) + '|')
    compare(f'{len(folders.test)} photographs at {args.image_size}', folders.test.items,
            args.image_size, net)
    with tempfile.TemporaryDirectory() as place:
        data = os.path.join(place, 'large')
        draw_kind(data, 'large', args.large // 2)()
        compare(f'{args.large} of 4000x3000 at 224', gf.ImageFolders(data).train.items, 224)


def compare(what, items, image_size, net=None):
    """Print a row for each way to decode the images `items`."""
    full = answers = None
    for way, spare in WAYS.items():
        X, reduced, seconds = read(items, image_size, spare)
        full = X if full is None else full
        difference = abs(X - full) * (255 * np.float32(IMAGENET_STD)[:, None, None])
        cells = [what, way, f'{reduced:.0%}', f'{seconds * 1e3:.1f}', f'{difference.mean():.2f}',
                 f'{np.percentile(difference, 99):.1f}', f'{difference.max():.0f}']
        if net:
            now = np.concatenate([predict_probabilities(net, array(X[i:i + 32]))
                                     for i in range(0, len(X), 32)]).argmax(1)
            answers = now if answers is None else answers
            right = now == [label for _, label in items]
            cells += [f'{right.mean():.4f}', f'{(now != answers).sum()}']
        print(f'| {" | ".join(cells + [""] * (len(COLUMNS) - len(cells)))} |', flush=True)


def read(items, image_size, spare):
    """Return the tensors, the share of images decoded at reduced size, median seconds per image."""
    augment._MIN_OVERSAMPLING = spare
    augs, seconds, reduced = augment.test_augs(image_size), [], 0
    X = np.empty((len(items), 3, image_size, image_size), 'float32')
    for (path, _), out in zip(items, X):
        began, image = time.perf_counter(), EncodedImage(path)
        crop = augs.sample(*image.shape, None)
        reduced += augment.reduction_for(crop, image.reductions) > 1
        read_crop(image, augs, None, out)
        seconds.append(time.perf_counter() - began)
    return X, reduced / len(items), statistics.median(seconds)


if __name__ == '__main__':
    main()
