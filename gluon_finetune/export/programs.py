"""The short programs in exported folders, which use the network without this package."""
from __future__ import annotations

from ..config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO

PROGRAM = 'classify.py'

_TEMPLATE = '''"""Classify images: python classify.py IMAGE..."""
import json
import sys
from pathlib import Path

{imports}
from PIL import Image, ImageOps

FOLDER = Path(__file__).resolve().parent
{load}
for path in sys.argv[1:]:
    image = ImageOps.exif_transpose(Image.open(path)).convert('RGB')
{predict}
    best = int(probabilities.argmax())
    print(path, labels[best], round(float(probabilities[best]), 4), sep='\\t')
'''

# Pillow's `transform` applies no antialiasing, nor did the training.
_PREPROCESS = '''\
    image = image.transform(({resized}, {resized}), Image.EXTENT, (0, 0, *image.size),
                            Image.BILINEAR)
    X = np.asarray(image.crop(({start}, {start}, {end}, {end})), 'float32') / 255
    X = (X - np.float32({mean})) / np.float32({std})
'''

_ONNX_LOAD = '''\
session = onnxruntime.InferenceSession(str(FOLDER / 'model.onnx'))
labels = json.loads(session.get_modelmeta().custom_metadata_map['labels'])'''

_SYMBOL_IMPORTS = '''\
import numpy as np
np.bool = bool  # MXNet reads this name, which NumPy 1.24 removed
import mxnet as mx'''

_SYMBOL_LOAD = '''\
graph, weights = (str(FOLDER / name) for name in ({graph!r}, {weights!r}))
net = mx.gluon.SymbolBlock.imports(graph, ['data'], weights)
labels = json.loads((FOLDER / 'labels.json').read_text('utf-8'))'''


def onnx_program(image_size: int, with_preprocessing: bool) -> str:
    """Return the source of a program that needs ONNX Runtime, NumPy and Pillow."""
    call = "    probabilities = session.run(['probabilities'], {{{}}})[0][0]"
    predict = (call.format("'images': np.array(image)[None]") if with_preprocessing else
               _preprocess(image_size) + call.format("'data': X.transpose(2, 0, 1)[None]"))
    return _TEMPLATE.format(imports='import numpy as np\nimport onnxruntime', load=_ONNX_LOAD,
                            predict=predict)


def symbol_program(image_size: int, graph: str, weights: str) -> str:
    """Return the source of a program that needs MXNet 1 and Pillow."""
    predict = _preprocess(image_size) + (
        '    y_hat = net(mx.nd.array(X.transpose(2, 0, 1)[None]))\n'
        '    probabilities = mx.nd.softmax(y_hat)[0].asnumpy()')
    return _TEMPLATE.format(imports=_SYMBOL_IMPORTS, predict=predict,
                            load=_SYMBOL_LOAD.format(graph=graph, weights=weights))


def _preprocess(image_size: int) -> str:
    resized = round(image_size * RESIZE_RATIO)
    start = (resized - image_size) // 2
    return _PREPROCESS.format(resized=resized, start=start, end=start + image_size,
                              mean=IMAGENET_MEAN, std=IMAGENET_STD)
