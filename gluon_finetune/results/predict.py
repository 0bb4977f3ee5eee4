"""What a trained network says about pictures; knows nothing about how it was trained."""
import os

import numpy

from ..compat import array
from ..data.augment import test_augs
from ..data.decode import read_image
from ..errors import UsageError
from ..models.finetune import scratch_net
from ..models.source import load_weights
from ..training.checkpoint import RunDirectory
from ..training.evaluate import predict_probabilities

BATCH_SIZE = 32


class Predictor:
    """Names the classes of pictures, most probable first.

    `classes` (default: `net.classes`) are the names of the rows of the output layer; pictures go
    through the test augmentation at `image_size`. Raises `UsageError` when names and rows differ
    in number, and for a file that is no picture.
    """

    def __init__(self, net, classes=None, image_size=224):
        self.net, self.image_size = net, image_size
        self.classes = list(classes or net.classes or ())
        self.augs = test_augs(image_size)
        if not self.classes:
            raise UsageError('no class names: pass classes=, one name for each output of the net')

    @classmethod
    def load(cls, run):
        """The best network of a run directory, which is all it needs."""
        run = RunDirectory.open(run)
        if not run.history:
            raise UsageError(f'{run.path} has no finished epoch to predict with: '
                             f'go on with it with --resume')
        net = scratch_net(run.config.network, run.classes)
        load_weights(net, run.best_weights)
        return cls(net, run.classes, run.config.image_size)

    def __call__(self, pictures, top=5):
        """`[(class, probability), ...]` for one picture, a list of these for a list of pictures.

        A picture is a file or an array (height, width, 3) of RGB bytes; `top` limits the classes.
        """
        if isinstance(pictures, (list, tuple)):
            return [self.rank(row, top) for row in self.probabilities(pictures)]
        return self.rank(self.probabilities([pictures])[0], top)

    def probabilities(self, pictures):
        """Softmax outputs as a NumPy array (pictures, classes)."""
        rows = [self._forward(pictures[i:i + BATCH_SIZE])
                for i in range(0, len(pictures), BATCH_SIZE)]
        return numpy.concatenate(rows) if rows else numpy.zeros((0, len(self.classes)))

    def _forward(self, pictures):
        X = numpy.stack([self.augs(_as_image(picture)).asnumpy() for picture in pictures])
        probabilities = predict_probabilities(self.net, array(X))
        if probabilities.shape[1] != len(self.classes):
            raise UsageError(f'{len(self.classes)} class names for a net with '
                             f'{probabilities.shape[1]} outputs: pass one name for each output')
        return probabilities

    def rank(self, row, top=5):
        """One row of `probabilities` as `[(class, probability), ...]`, most probable first."""
        order = numpy.argsort(-row, kind='stable')[:top]
        return [(self.classes[i], float(row[i])) for i in order]


def _as_image(picture):
    return read_image(picture) if isinstance(picture, (str, os.PathLike)) else picture


def confusion(probabilities, labels):
    """Counts of pictures [true class, predicted class]; `probabilities` has a row for each."""
    counts = numpy.zeros((probabilities.shape[1],) * 2, int)
    numpy.add.at(counts, (list(labels), probabilities.argmax(axis=1)), 1)
    return counts
