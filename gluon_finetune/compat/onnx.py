"""MXNet's exporter to ONNX, made to work beside versions of onnx that are newer than it.

It reads tables of data types that onnx has removed, converts weights number by number, ignores
`fix_gamma`, and registers its operators only where onnx is found while MXNet is imported.
"""
from __future__ import annotations

import contextlib
import importlib
import json
import types
from typing import Any, Iterator, Mapping

from ..errors import UsageError
from ..types import Array, Symbol
from .imports import mx
from .optional import import_optional

OPSET = 13      # the newest that the exporter knows
IR_VERSION = 7  # of files for this opset, which every version of ONNX Runtime since 1.6 reads
INPUT, BATCH = 'data', 'batch'

_TYPES = ('FLOAT', 'DOUBLE', 'FLOAT16', 'UINT8', 'INT8', 'INT32', 'INT64', 'BOOL')


def import_onnx() -> Any:
    """Return the module onnx; raise `UsageError` if it is not installed."""
    return import_optional('onnx', 'export to ONNX', 'export')


def to_onnx(symbol: Symbol, values: Mapping[str, Array], image_size: int) -> Any:
    """Convert the graph of a classifier of legacy arrays.

    Args:
        symbol: The graph, with the input `INPUT`.
        values: Name -> value of all its parameters.
        image_size: Side of the square images that it takes, in pixels.

    Returns:
        An `onnx.ModelProto` of opset `OPSET` with one input, `INPUT` (batch, 3, image_size,
        image_size), and the output of the graph, (batch, classes), both float32.

    Raises:
        UsageError: The exporter does not support an operator of the graph; the message names it.
    """
    onnx = import_onnx()
    shape = (3, image_size, image_size)
    try:
        with _exporter(onnx) as exporter:
            graph = exporter.create_onnx_graph_proto(
                symbol, _with_fixed_gammas(symbol, values), [(1, *shape)],
                [onnx.TensorProto.FLOAT], opset_version=OPSET, dynamic=True,
                dynamic_input_shapes=[(BATCH, *shape)])
    except (AttributeError, NotImplementedError, AssertionError, KeyError, ValueError) as error:
        raise UsageError(f"MXNet's exporter to ONNX does not support this network: "
                         f'{" ".join(map(str, error.args))}') from None
    _tidy(graph, symbol.infer_shape(**{INPUT: (1, *shape)})[1][0][1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', OPSET)])
    model.ir_version = IR_VERSION
    return model


def _with_fixed_gammas(symbol: Symbol, values: Mapping[str, Array]) -> dict[str, Array]:
    """Return `values` with gammas of 1 where BatchNorm takes them for 1, whatever they are."""
    fixed = dict(values)
    nodes = json.loads(symbol.tojson())['nodes']
    for node in nodes:
        fix_gamma = node.get('attrs', {}).get('fix_gamma', 'True')
        if node['op'] == 'BatchNorm' and fix_gamma in ('True', '1'):
            gamma = nodes[node['inputs'][1][0]]['name']
            fixed[gamma] = mx.nd.ones_like(values[gamma])
    return fixed


def _tidy(graph: Any, output_shape: tuple[int, ...]) -> None:
    """Remove weights from the inputs, and constants that no node uses; set the output's shape."""
    constants = {tensor.name for tensor in graph.initializer}
    used = {name for node in graph.node for name in node.input}
    for field, kept in (
            (graph.input, [value for value in graph.input if value.name not in constants]),
            (graph.initializer, [tensor for tensor in graph.initializer if tensor.name in used])):
        del field[:]
        field.extend(kept)
    dimensions = graph.output[0].type.tensor_type.shape.dim
    dimensions[0].dim_param = BATCH
    for dimension, size in zip(dimensions[1:], output_shape):
        dimension.dim_value = size


@contextlib.contextmanager
def _exporter(onnx: Any) -> Iterator[Any]:
    """Yield MXNet's exporter, with what it needs in onnx and a quick conversion of weights."""
    exporter = mx.onnx.mx2onnx._export_onnx.MXNetGraph
    if not exporter.registry_:   # MXNet was imported where onnx was not found
        for opset in (12, 13):
            importlib.reload(getattr(mx.onnx.mx2onnx._op_translations,
                                     f'_op_translations_opset{opset}'))
    missing = object()
    before, convert = vars(onnx).get('mapping', missing), exporter.registry_[12]['null']
    onnx.mapping = tables = _type_tables(onnx)
    exporter.registry_[12]['null'] = _weight_converter(onnx, tables, convert)
    try:
        yield exporter()
    finally:
        exporter.registry_[12]['null'] = convert
        if before is missing:
            del onnx.mapping
        else:
            onnx.mapping = before


def _type_tables(onnx: Any) -> Any:
    """Return the module `onnx.mapping` as the exporter knows it."""
    tables: Any = types.ModuleType('onnx.mapping')
    flags = [getattr(onnx.TensorProto, name) for name in _TYPES]
    tables.TENSOR_TYPE_TO_NP_TYPE = {
        flag: onnx.helper.tensor_dtype_to_np_dtype(flag) for flag in flags}
    tables.NP_TYPE_TO_TENSOR_TYPE = {
        dtype: flag for flag, dtype in tables.TENSOR_TYPE_TO_NP_TYPE.items()}
    return tables


def _weight_converter(onnx: Any, tables: Any, convert_input: Any) -> Any:
    """Return a converter of variables that takes the bytes of weights, not a list of numbers."""
    def convert(node: Any, **options: Any) -> Any:
        if options['is_input']:
            return convert_input(node, **options)
        name, value = node['name'], options['weights'][node['name']]
        options['initializer'].append(onnx.numpy_helper.from_array(value, name))
        info = onnx.helper.make_tensor_value_info(
            name, tables.NP_TYPE_TO_TENSOR_TYPE[value.dtype], value.shape)
        return [info], (value.dtype,)
    return convert
