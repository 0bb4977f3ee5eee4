"""Images are resized as by Gluon, with the module cv2 and without."""
import numpy as np
import pytest

from gluon_finetune.compat.imports import array, mx
from gluon_finetune.data import resize as module


@pytest.mark.parametrize('has_cv2', [True, False])
@pytest.mark.parametrize('shape', [(60, 90), (300, 225), (5, 400), (3, 3), (37, 37)])
def test_the_same_bytes_as_gluon(shape, has_cv2, numpy_mode, monkeypatch):
    if not has_cv2:
        monkeypatch.setattr(module, '_opencv', lambda: None)
    pixels = np.random.randint(0, 255, (*shape, 3)).astype('uint8')[::-1]   # not contiguous
    expected = mx.image.imresize(array(pixels.copy()), 37, 37, 1).asnumpy()
    assert (module.resize(pixels, 37) == expected).all()
