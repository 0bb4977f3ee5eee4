"""BatchNorm layers that no gradient reaches in training, so that their statistics never move.

On a CPU, MXNet updates the running statistics of BatchNorm in the backward pass. That ends where no
gradient is wanted, above a BatchNorm on the input without scale and shift, as in `resnet18_v2`.
"""
from __future__ import annotations

from typing import Any, Iterator

from ..compat.array_api import api_of
from ..compat.gluon import is_trainable
from ..compat.graphs import graph_nodes, tracer
from ..compat.imports import mx
from ..types import Net, Parameter, Symbol


def needs_input_gradient(net: Net, shape: tuple[int, ...]) -> bool:
    """Return whether running statistics of `net` move only if the gradient of its input is wanted.

    The graph decides. A net without one, such as a plain `Block`, does not need the gradient; nor
    does a net with a BatchNorm whose scale and shift are frozen, as its statistics would move too.

    Args:
        net: A network; it is left unchanged.
        shape: Shape of a batch.
    """
    if not isinstance(net, mx.gluon.HybridBlock):
        return False
    try:
        with api_of(net):
            graph, params = tracer(net)(shape)
    except Exception:   # the code of a layer may accept arrays only, and raise anything
        return False
    unreached = list(_unreached_batch_norms(graph, params))
    return bool(unreached) and not any(is_trainable(param) for own in unreached for param in own)


def _unreached_batch_norms(graph: Symbol, params: dict[str, Parameter]
                           ) -> Iterator[list[Parameter]]:
    """Yield the parameters of each layer with batch statistics that no gradient reaches."""
    nodes, statistics = graph_nodes(graph), set(graph.list_auxiliary_states())
    reached: list[bool] = []
    for node in nodes:
        inputs = [index for index, *_ in node['inputs']]
        param = params.get(node['name'])
        reached.append(any(reached[index] for index in inputs)
                       or param is not None and param.grad_req != 'null')
        names = {nodes[index]['name'] for index in inputs}
        if names & statistics and not reached[-1] and not _is_global(node):
            yield [params[name] for name in names & set(params)]


def _is_global(node: dict[str, Any]) -> bool:
    """Return whether a node normalizes by running statistics in training, too."""
    return node.get('attrs', {}).get('use_global_stats') in ('True', '1')
