"""What PyTorch computes, from the weights of a Gluon net; knows nothing else of MXNet.

Every function has its twin of the same name in `ours.py`. Where the frameworks count differently,
the reason stands at the line. `spoil` changes the twin before it is used: with it the tests show
that a comparison can fail.
"""
from .inputs import images_for, is_statistic, logits_and_labels, random_net, shared_names
from .torch_tools import (
    backward,
    batch_norms,
    float32,
    make_trainer,
    pytorch,
    step,
    tensor,
    twin_of,
)

BATCH_NORM_MOMENTUM = 1 - float32(0.9)   # PyTorch counts the share of the new, MXNet of the old


def logits(network, dtype, spoil=None):
    """Outputs of the random net's twin for images, as in prediction."""
    twin, _ = random_twin(network, dtype, spoil)
    with pytorch().no_grad():
        return [('', {'logits': twin.eval()(tensor(images_for(network), dtype)).numpy()})]


def losses(dtype, **options):
    """Cross-entropy of each example; `options` of PyTorch's loss."""
    y_hat, y = logits_and_labels()
    loss = pytorch().nn.CrossEntropyLoss(reduction='none', **options)
    return [('', {'loss': loss(tensor(y_hat, dtype), tensor(y)).numpy()})]


def correct():
    """How many examples are classified rightly."""
    y_hat, y = logits_and_labels()
    return {'correct': (tensor(y_hat).argmax(dim=1) == tensor(y)).sum().item()}


def gradients(recipe, dtype, spoil=None):
    """Gradient of the mean loss over a batch, of every parameter that learns."""
    twin, names = random_twin(recipe.network, dtype, spoil)
    backward(twin, *next(recipe.batches()))
    params = dict(twin.named_parameters())
    return [('', {name: params[theirs].grad.numpy() for name, theirs in names.items()
                  if theirs in params})]


def train(recipe, dtype, spoil=None):
    """After each step, how far every weight has moved; what is frozen, statistics included."""
    for number, (start, now, _) in enumerate(steps(recipe, dtype, spoil), 1):
        yield f'step {number}', {name: now[name] - start[name] for name in now
                                 if recipe.freeze or not is_statistic(name)}


def statistics(recipe, dtype, spoil=None, unbiased=True):
    """BatchNorm's running means and variances after the last step, the variance as MXNet counts.

    PyTorch's running variance takes up the variance over n - 1, MXNet's that over n.
    """
    *_, (start, now, counts) = steps(recipe, dtype, spoil)
    found = {name: now[name] for name in now if is_statistic(name)}
    for name, count in counts.items() if unbiased else ():
        old = start[name] * (1 - BATCH_NORM_MOMENTUM) ** recipe.steps
        found[name] = old + (now[name] - old) * (count - 1) / count
    return [('', found)]


def steps(recipe, dtype, spoil=None):
    """Yield (weights at the start, after the step, {variance: values behind it}) of each step."""
    twin, names = random_twin(recipe.network, dtype, spoil)
    counts = count_values(twin, names)
    trainer = make_trainer(twin, recipe)
    start = values(twin, names)
    for X, y in recipe.batches():
        step(twin, trainer, X, y, recipe.by_sum)
        yield start, values(twin, names), counts


def random_twin(network, dtype, spoil=None):
    """The twin of `random_net(network)` in training mode, and {Gluon's name: PyTorch's}."""
    net = random_net(network)
    twin = twin_of(net, network)
    for layer in batch_norms(twin):
        layer.momentum = BATCH_NORM_MOMENTUM if layer.affine else 0
        # The one without scale and shift stands on the input: MXNet on the CPU moves statistics in
        # the backward pass, which does not get there.
    if spoil:
        spoil(twin)
    return twin.to(getattr(pytorch(), dtype)).train(), shared_names(net, network)


def count_values(twin, names):
    """A dict that a forward pass fills: running variance that moves -> values behind it."""
    layers, counts = dict(twin.named_modules()), {}
    for name, theirs in names.items():
        layer = layers[theirs.rpartition('.')[0]]
        if name.endswith('running_var') and layer.momentum:
            layer.register_forward_hook(
                lambda layer, inputs, output, name=name: counts.update(
                    {name: inputs[0].numel() // inputs[0].shape[1]}))
    return counts


def shake(twin, number, size=2.0 ** -16):
    """Change every weight of `twin` by about `size` of itself, each `number` in another way."""
    torch = pytorch()
    generator = torch.Generator().manual_seed(number)
    with torch.no_grad():
        for param in twin.parameters():
            param.mul_(1 + size * torch.randn(param.shape, generator=generator))


def values(twin, names):
    """Every parameter and statistic as a NumPy array, under Gluon's names."""
    state = twin.state_dict()
    return {name: state[theirs].numpy().copy() for name, theirs in names.items()}
