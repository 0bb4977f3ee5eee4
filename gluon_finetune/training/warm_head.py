"""A fitted output layer to start from: logistic regression on the features of the source.

Random weights of a new output layer send large gradients through the features in the first steps;
from a fitted one they change less, which is better on images unlike those of the source. Source:
Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features", arXiv 2202.10054 (LP-FT).
"""
from __future__ import annotations

import warnings

import numpy as np

from ..compat.gluon import devices_of
from ..compat.imports import array
from ..config import Config
from ..data.augment import test_augs
from ..data.folders import ImageFolders
from ..data.loader import ImageLoader
from ..errors import UsageError
from ..models.graphs import fused, in_precision, split
from ..models.output import output_layer
from ..progress import tqdm
from ..types import Net, NumPyArray

MAX_STEPS = 500          # of L-BFGS
INVERSE_PENALTY = 0.02   # for features whose mean square is 1

_REFUSED = ('warm_head needs MXNet 1, and a network without Dropout whose output layer takes one '
            'vector per image: leave it out')


def fit_output(net: Net, config: Config, folders: ImageFolders, progress: bool = True) -> None:
    """Fit the output layer of `net` to the features of the training images; change nothing else.

    The features are those of the centre crops, as in a test. It is the same as training the output
    layer alone with its weight decay until nothing changes any more, in a few seconds.

    Args:
        net: A network whose output layer computes classes from one vector per image.
        config: Image size, batch size, precision, and what to do with unreadable images.
        folders: The images.
        progress: Whether to show a progress bar.

    Raises:
        UsageError: The features of this network cannot be split off, or are no vectors.
    """
    layer = output_layer(net)
    parts = split(net, layer)
    if parts is None:
        raise UsageError(_REFUSED)
    loader = ImageLoader(folders.train, test_augs(config.image_size), config.batch_size,
                         num_workers=config.num_workers, on_bad=config.on_bad)
    X, y = _features(parts[0], loader, config, progress)
    if X.shape[1] != layer.weight.shape[1]:   # maps, as in SqueezeNet
        raise UsageError(_REFUSED)
    weight, bias = _fit(X, y, len(folders.classes), with_bias=layer.bias is not None)
    layer.weight.set_data(array(weight.reshape(layer.weight.shape)))
    if layer.bias is not None:
        layer.bias.set_data(array(bias))


def _features(features: Net, loader: ImageLoader, config: Config,
              progress: bool) -> tuple[NumPyArray, NumPyArray]:
    """Return the features of all images of `loader`, (n, d), and their labels, (n,)."""
    if config.dtype != 'float32':
        features = in_precision(features, config.dtype)
    features, device = fused(features), devices_of(features)[0]
    found = [(features(X.as_in_context(device)).asnumpy(), y.asnumpy())
             for X, y in tqdm(loader, 'features', disable=not progress, leave=False)]
    X, y = (np.concatenate(arrays) for arrays in zip(*found))
    return X.reshape(len(X), -1), y


def _fit(X: NumPyArray, y: NumPyArray, classes: int,
         with_bias: bool) -> tuple[NumPyArray, NumPyArray]:
    """Return weight, (classes, d), and bias, (classes,), of a logistic regression."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    with warnings.catch_warnings():   # the weights of the last step will do
        warnings.simplefilter('ignore', ConvergenceWarning)
        scale = float(np.sqrt(np.mean(np.square(X)))) or 1
        fitted = LogisticRegression(C=INVERSE_PENALTY, max_iter=MAX_STEPS,
                                    fit_intercept=with_bias).fit(X / scale, y)
    scores = fitted.coef_, fitted.intercept_
    if len(fitted.coef_) == 1:   # of two classes: their difference
        scores = tuple(np.concatenate([-score, score]) / 2 for score in scores)
    weight, bias = np.zeros((classes, X.shape[1]), 'float32'), np.zeros(classes, 'float32')
    weight[fitted.classes_], bias[fitted.classes_] = scores
    return weight / scale, bias
