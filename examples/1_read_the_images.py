"""Read the images and show the first 8 hot dogs above the last 8 other images, as in the chapter.

python 1_read_the_images.py [folder]
"""
import sys

import gluon_finetune as gf


def main(data='hotdog', *, count=8, path='1_images.png'):
    folders = gf.hotdog() if data == 'hotdog' else gf.ImageFolders(data)
    print(f'{len(folders.train)} training images, {len(folders.test)} test images, '
          f'classes {", ".join(folders.classes)}')

    hotdogs = [folders.train[i][0] for i in range(count)]
    not_hotdogs = [folders.train[-i - 1][0] for i in range(count)]
    gf.show_images(hotdogs + not_hotdogs, 2, count, scale=1.4, path=path)
    print(f'first {count} and last {count}: {path}')

    # The input of the network: a random crop of the image, normalised.
    X = gf.train_augs()(hotdogs[0])
    print(f'an image of shape {hotdogs[0].shape} becomes an input of shape {X.shape}')


if __name__ == '__main__':
    main(*sys.argv[1:])
