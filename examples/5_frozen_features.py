"""Exercise 3: train only the output layer, and show what the chapter's code does not freeze.

python 5_frozen_features.py [folder] [file with pretrained weights]
"""
import sys

import gluon_finetune as gf

# isort: split
import mxnet as mx  # after gluon_finetune, which adapts it to NumPy


def main(data='hotdog', source='resnet18_v2', *, learning_rate=0.01, batch_size=128, num_epochs=5,
         image_size=224, seed=0):
    folders = gf.hotdog() if data == 'hotdog' else gf.ImageFolders(data)
    source_net = gf.source_net(source)
    X = next(iter(gf.load_data(folders, batch_size, image_size)[1]))[0]

    found = {}
    for name, freeze in (
            ("the chapter's code", stop_gradients), ('freeze_features', gf.freeze_features)):
        gf.seed_everything(seed)
        net = gf.finetune_net(source_net, folders.classes)
        freeze(net)
        before = weights(net)
        history = gf.train_fine_tuning(net, learning_rate, batch_size, num_epochs, data=folders,
                                       image_size=image_size, seed=seed)
        after = weights(net)
        changed = [key for key in before if (before[key] != after[key]).any()]
        found[name] = changed, training_differs(net, X)
        print(f'{name}: test accuracy {history[-1].test_acc:.3f}; changed: {", ".join(changed)}; '
              f'features in training and in test differ by up to {found[name][1]:.3f}')
    return found


def stop_gradients(net):
    """Freeze as the chapter does: BatchNorm still normalises by each batch."""
    net.features.collect_params().setattr('grad_req', 'null')


def training_differs(net, X):
    X = X.as_in_context(net.output.weight.list_ctx()[0])
    with mx.autograd.train_mode():
        in_training = net.features(X)
    return abs(in_training - net.features(X)).max().asscalar()


def weights(net):
    return {name: param.list_data()[0].asnumpy() for name, param in net.collect_params().items()}


if __name__ == '__main__':
    main(*sys.argv[1:])
