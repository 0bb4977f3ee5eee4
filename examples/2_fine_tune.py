"""Fine-tune a pretrained ResNet-18 on the images and plot the learning curves.

    python 2_fine_tune.py [folder] [file with pretrained weights]

The hyperparameters are the chapter's. Training uses every GPU, or the CPU if there is none.
"""
import sys

import gluon_finetune as gf


def main(data='hotdog', source='resnet18_v2', *, learning_rate=0.01, batch_size=128, num_epochs=5,
         image_size=224, seed=0, path='2_curves.png'):
    folders = gf.hotdog() if data == 'hotdog' else gf.ImageFolders(data)
    gf.seed_everything(seed)

    # A copy of the source's features and a new output layer with ten times the learning rate.
    net = gf.finetune_net(source, classes=folders.classes)
    print(f'new output layer: {net.output}')

    history = gf.train_fine_tuning(net, learning_rate, batch_size, num_epochs, data=folders,
                                   image_size=image_size, seed=seed)
    print(history)
    history.plot(path)
    print(f'learning curves: {path}')
    return history


if __name__ == '__main__':
    main(*sys.argv[1:])
