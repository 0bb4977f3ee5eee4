"""Mini-batches of augmented pictures; knows nothing of networks or devices."""
from ..compat import mx
from ..config import Config
from .augment import test_augs, train_augs


def load_data(folders, batch_size, image_size=224, *, num_workers=0, min_area=0.08):
    """Return `(train_iter, test_iter)`, Gluon DataLoaders of `(X, y)` mini-batches.

    X: (batch, 3, image_size, image_size) float32; y: (batch,) int. Training pictures are shuffled
    each epoch and none is dropped: the last batch may be smaller; `min_area` as in `train_augs`.
    Raises `UsageError` for a number that cannot be.

    Reading and augmenting takes 2 % of the CPU time of a training step of `resnet18_v2` at 224
    pixels, 7 % at 64: without a GPU `num_workers=0` is best, as workers would take the net's cores;
    beside a GPU try one for each core. Workers keep the seeded order of the pictures but crop and
    flip on their own, so that runs with them cannot be repeated exactly.
    """
    Config(batch_size=batch_size, image_size=image_size, num_workers=num_workers)   # checks them
    train_iter = mx.gluon.data.DataLoader(
        folders.train.transform_first(train_augs(image_size, min_area=min_area)), batch_size,
        shuffle=True, num_workers=num_workers)
    test_iter = mx.gluon.data.DataLoader(
        folders.test.transform_first(test_augs(image_size)), batch_size, num_workers=num_workers)
    return train_iter, test_iter
