"""ONNX models in lower precision, made by ONNX Runtime."""
from __future__ import annotations

import contextlib
import copy
import logging
import os
import tempfile
from typing import Any, Iterator

from ..compat.onnx import INPUT, import_onnx
from ..compat.optional import import_optional
from ..types import NumPyArray
from .check import batches_of

PURPOSE = 'export to ONNX'


def to_float16(model: Any) -> Any:
    """Return a model that computes in float16, with inputs and outputs in float32."""
    float16, graphs = (import_optional(f'onnxruntime.transformers.{name}', PURPOSE, 'export')
                       for name in ('float16', 'onnx_model'))
    rounded = float16.convert_float_to_float16(copy.deepcopy(model), keep_io_types=True)
    graphs.OnnxModel(rounded).topological_sort()   # it adds the conversion of the input at the end
    return rounded


def to_int8(model: Any, X: NumPyArray) -> Any:
    """Return a model that computes in 8-bit integers.

    Weights have 7 bits: with 8, sums overflow on CPUs without VNNI instructions.

    Args:
        model: A converted model.
        X: Images (n, 3, height, width), from which the ranges of activations are taken.
    """
    onnx = import_onnx()
    quantization = import_optional('onnxruntime.quantization', PURPOSE, 'export')
    with tempfile.TemporaryDirectory() as folder, _quiet():
        source, target = (os.path.join(folder, name) for name in ('float32.onnx', 'int8.onnx'))
        onnx.save(model, source)
        quantization.quantize_static(
            source, target, _Calibration(X), quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8, per_channel=True, reduce_range=True)
        return onnx.load(target)


class _Calibration:
    """Images batch by batch, as ONNX Runtime asks for them (its `CalibrationDataReader`)."""

    def __init__(self, X: NumPyArray) -> None:
        self._batches = batches_of(X)

    def get_next(self) -> dict[str, NumPyArray] | None:
        """Return the next batch by the name of the input, or None."""
        return next(({INPUT: batch} for batch in self._batches), None)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drop the quantizer's advice to fold layers before, which it logs as the root logger."""
    root, handler = logging.getLogger(), logging.NullHandler()   # without one, it adds its own
    root.addHandler(handler)
    root.addFilter(_drop)
    try:
        yield
    finally:
        root.removeFilter(_drop)
        root.removeHandler(handler)


def _drop(record: logging.LogRecord) -> bool:
    return False
