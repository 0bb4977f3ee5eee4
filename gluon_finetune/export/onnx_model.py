"""The ONNX model of a network: its graph, preprocessing, outputs and metadata; running it."""
from __future__ import annotations

import json
from typing import Any, Iterable

import numpy as np

from ..compat.array_api import legacy_api
from ..compat.imports import mx
from ..compat.onnx import BATCH, import_onnx, to_onnx
from ..compat.optional import import_optional
from ..compat.quantization import averaged_values
from ..config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO
from ..models.graphs import trace
from ..results.predict import Predictor
from ..runs.directory import RunDirectory
from ..types import NumPyArray
from ..version import __version__

LOGITS, PROBABILITIES, IMAGES = 'logits', 'probabilities', 'images'

# Image pixels -> what the network takes; `Round`, as the run's own images are resized to bytes.
PREPROCESSING = '''
preprocessing (uint8[batch, height, width, 3] images) => (float[batch, 3, side, side] data)
{{
    bytes = Transpose <perm = [0, 3, 1, 2]> (images)
    pixels = Cast <to = 1> (bytes)
    first = Constant <value_ints = [0]> ()
    second = Constant <value_ints = [1]> ()
    shape = Shape (pixels)
    count = Slice (shape, first, second)
    resized_shape = Constant <value_ints = [3, {resized}, {resized}]> ()
    sizes = Concat <axis = 0> (count, resized_shape)
    resized = Resize <mode = "linear", coordinate_transformation_mode = "half_pixel"> (
        pixels, , , sizes)
    rounded = Round (resized)
    start = Constant <value_ints = [{start}, {start}]> ()
    end = Constant <value_ints = [{end}, {end}]> ()
    axes = Constant <value_ints = [2, 3]> ()
    cropped = Slice (rounded, start, end, axes)
    white = Constant <value = float {{255.0}}> ()
    scaled = Div (cropped, white)
    mean = Constant <value = float[3, 1, 1] {{{mean}}}> ()
    centred = Sub (scaled, mean)
    std = Constant <value = float[3, 1, 1] {{{std}}}> ()
    data = Div (centred, std)
}}
'''


def convert(run: RunDirectory) -> Any:
    """Return the best network of a run as an `onnx.ModelProto`; raises `UsageError` as `to_onnx`.

    Its input is `data`, (batch, 3, image_size, image_size), its output (batch, classes).
    """
    with legacy_api(), mx.name.NameManager():   # the same names in every process
        predictor = Predictor.load(run.path)
        symbol, _ = trace(predictor.net)
        return to_onnx(symbol, averaged_values(predictor.net), predictor.image_size)


def complete(model: Any, run: RunDirectory, with_preprocessing: bool) -> Any:
    """Return a converted model with both outputs, metadata, and on request preprocessing."""
    onnx = import_onnx()
    helper, size = onnx.helper, run.config.image_size
    nodes, inputs = list(model.graph.node), list(model.graph.input)
    if with_preprocessing:
        before = onnx.parser.parse_graph(_preprocessing(size))
        nodes, inputs = [*before.node, *nodes], list(before.input)
    old = model.graph.output[0].name
    nodes += [helper.make_node('Identity', [old], [LOGITS]),
              helper.make_node('Softmax', [old], [PROBABILITIES], axis=-1)]
    outputs = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT,
                                             [BATCH, len(run.classes)])
               for name in (LOGITS, PROBABILITIES)]
    graph = helper.make_graph(nodes, run.config.network or 'network', inputs, outputs,
                              list(model.graph.initializer))
    finished = helper.make_model(
        graph, opset_imports=list(model.opset_import), ir_version=model.ir_version,
        producer_name='gluon_finetune', producer_version=__version__)
    helper.set_model_props(finished, {key: json.dumps(value, ensure_ascii=False)
                                      for key, value in _metadata(run).items()})
    onnx.checker.check_model(finished)
    return finished


def run_model(path: str, batches: Iterable[NumPyArray], output: str = LOGITS) -> NumPyArray:
    """Return an output of a model file for batches of its input, on the CPU."""
    runtime = import_optional('onnxruntime', 'export to ONNX', 'export')
    session = runtime.InferenceSession(path, providers=['CPUExecutionProvider'])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run([output], {name: X})[0] for X in batches])


def _preprocessing(image_size: int) -> str:
    resized = round(image_size * RESIZE_RATIO)
    start = (resized - image_size) // 2
    return PREPROCESSING.format(
        resized=resized, start=start, end=start + image_size,
        mean=', '.join(map(str, IMAGENET_MEAN)), std=', '.join(map(str, IMAGENET_STD)))


def _metadata(run: RunDirectory) -> dict[str, object]:
    size = run.config.image_size
    return {'labels': run.classes, 'network': run.config.network, 'image_size': size,
            'resized': round(size * RESIZE_RATIO), 'colours': 'RGB', 'mean': IMAGENET_MEAN,
            'std': IMAGENET_STD}
