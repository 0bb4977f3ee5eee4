"""Train the same network twice, fine-tuned and from random weights, and plot both.

python 3_from_scratch.py [folder] [file with pretrained weights]
"""
import sys

import gluon_finetune as gf


def main(data='hotdog', source='resnet18_v2', *, batch_size=128, num_epochs=5, image_size=224,
         seed=0, path='3_comparison.png'):
    folders = gf.hotdog() if data == 'hotdog' else gf.ImageFolders(data)
    options = dict(data=folders, batch_size=batch_size, num_epochs=num_epochs,
                   image_size=image_size, seed=seed)

    gf.seed_everything(seed)
    finetune_net = gf.finetune_net(source, folders.classes)
    scratch_net = gf.scratch_net(finetune_net.network, folders.classes)

    # Random weights need larger steps than pretrained ones.
    histories = {'fine-tuned': gf.train_fine_tuning(finetune_net, 0.01, **options),
                 'from scratch': gf.train_fine_tuning(scratch_net, 0.1, **options)}

    for name, history in histories.items():
        print(f'{name:12}  ' + '  '.join(f'{record.test_acc:.3f}' for record in history))
    gf.plot_comparison(histories, path)
    print(f'test accuracy after each epoch: {path}')
    return histories


if __name__ == '__main__':
    main(*sys.argv[1:])
