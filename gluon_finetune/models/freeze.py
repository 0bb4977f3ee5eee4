"""Freezes features: weights and the running statistics of BatchNorm."""
from ..compat.imports import mx, structured_parameters
from .output import blocks, output_layer


def is_frozen(net):
    """Whether nothing of `net` but its output layer can change while it trains."""
    learning = {id(param) for block in blocks(net.output) for param in block._reg_params.values()}
    return holds_statistics(net, but=blocks(net.output)) and all(
        param.grad_req == 'null' for param in structured_parameters(net).values()
        if id(param) not in learning)


def freeze_features(net):
    """Keep everything but the output layer of `net` as it is, bit for bit, and return `net`.

    Weights get no gradient, and BatchNorm uses its running statistics instead of moving them. The
    chapter: exercise 3, which stops the weights alone.
    """
    output = blocks(net.output if hasattr(net, 'output') else output_layer(net))
    learning = {id(param) for block in output for param in block._reg_params.values()}
    for param in structured_parameters(net).values():
        if id(param) not in learning:
            param.grad_req = 'null'
    hold_statistics(net, but=output)
    return net


def hold_statistics(net, but=()):
    """Let BatchNorm in `net`, except in the blocks `but`, train with its running statistics."""
    for block in blocks(net):
        if block not in but and 'use_global_stats' in getattr(block, '_kwargs', {}):
            block._kwargs['use_global_stats'] = True
        if isinstance(block, mx.gluon.HybridBlock):
            block._clear_cached_op()  # a graph made before would still move the statistics


def holds_statistics(net, but=()):
    """Whether every BatchNorm in `net`, except in the blocks `but`, keeps its statistics."""
    return all(block._kwargs.get('use_global_stats', True) for block in blocks(net)
               if block not in but and hasattr(block, '_kwargs'))
