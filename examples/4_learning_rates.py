"""Exercises 1 and 2: compare learning rates for the fine-tuned and the random network.

python 4_learning_rates.py [folder] [file with pretrained weights]
"""
import sys

import gluon_finetune as gf


def main(data='hotdog', source='resnet18_v2', *, learning_rates=(0.001, 0.01, 0.1, 1.0),
         batch_size=128, num_epochs=5, image_size=224, seed=0):
    folders = gf.hotdog() if data == 'hotdog' else gf.ImageFolders(data)
    options = dict(data=folders, batch_size=batch_size, num_epochs=num_epochs,
                   image_size=image_size, seed=seed)
    source_net = gf.source_net(source)

    table = {}
    for learning_rate in learning_rates:
        gf.seed_everything(seed)
        finetune_net = gf.finetune_net(source_net, folders.classes)  # copies the source
        scratch_net = gf.scratch_net(finetune_net.network, folders.classes)
        table[learning_rate] = [last_test_acc(net, learning_rate, options)
                                for net in (finetune_net, scratch_net)]

    print(f'test accuracy after {num_epochs} epochs\nlearning rate  fine-tuned  from scratch')
    for learning_rate, (finetuned, scratch) in table.items():
        print(f'{learning_rate:13g}  {finetuned:>10}  {scratch:>12}')
    return table


def last_test_acc(net, learning_rate, options):
    try:
        return f'{gf.train_fine_tuning(net, learning_rate, **options)[-1].test_acc:.3f}'
    except gf.WorkError as error:  # far too large: the loss became NaN or infinite
        print(error)
        return 'diverged'


if __name__ == '__main__':
    main(*sys.argv[1:])
