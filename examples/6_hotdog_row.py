"""Exercise 4: initialise the new output layer from the source's own hot dog class.

    python 6_hotdog_row.py [folder] [file with pretrained weights]

A source with other classes than ImageNet's needs their names in a .labels.json beside its weights.
"""
import sys

import gluon_finetune as gf

HOTDOG = 'n07697537'  # a WordNet id is safer than a row: the chapter's row is wrong


def main(data='hotdog', source='resnet18_v2', *, learning_rate=0.01, batch_size=128, num_epochs=1,
         image_size=224, seed=0):
    folders = gf.hotdog() if data == 'hotdog' else gf.ImageFolders(data)
    source_net = gf.source_net(source)
    labels = gf.source_labels(source_net)
    row, label = next((row, label) for row, label in enumerate(labels) if label.wnid == HOTDOG)
    print(f'{label.wnid} is {label.name}, row {row} of the source')

    _, test_iter = gf.load_data(folders, batch_size, image_size)
    accuracies = {}
    for name in ('random rows', "the source's hot dog row"):
        gf.seed_everything(seed)
        net = gf.finetune_net(source_net, folders.classes)
        if name != 'random rows':
            gf.reuse_source_class(net, source_net, {'hotdog': HOTDOG})
        untrained = gf.evaluate_accuracy(net, test_iter)
        history = gf.train_fine_tuning(net, learning_rate, batch_size, num_epochs, data=folders,
                                       image_size=image_size, seed=seed)
        accuracies[name] = [untrained] + [record.test_acc for record in history]
        print(f'{name}: test accuracy {untrained:.3f} before training, then '
              + ', '.join(f'{accuracy:.3f}' for accuracy in accuracies[name][1:]))
    return accuracies


if __name__ == '__main__':
    main(*sys.argv[1:])
