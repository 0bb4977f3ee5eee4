"""Train on any folder of images, save everything in a run directory, and predict from it.

    python your_own_folder.py chairs [file with pretrained weights]

The folder has train/<class>/ and test/<class>/, or only <class>/, of which a fifth is then used for
testing. The accuracy of an epoch is that on val/<class>/, or without it on the test images. The
same from the command line: `gluon-finetune train chairs --out runs/chairs`.
"""
import sys

import gluon_finetune as gf


def main(data, source='resnet18_v2', *, learning_rate=0.01, batch_size=32, num_epochs=5,
         image_size=224, out='runs/your_own_folder'):
    folders = gf.ImageFolders(data)
    folders = folders.without(folders.check())  # skip unreadable images

    # Train. The checkpoint of an epoch is written before its record arrives.
    config = gf.Config(source=source, learning_rate=learning_rate, batch_size=batch_size,
                       num_epochs=num_epochs, image_size=image_size)
    net, run = gf.start_run(out, config, folders)
    for record in gf.train_run(net, run, folders):
        print(f'epoch {record.epoch}: accuracy {record.accuracy:.3f}')
    print(f'report: {gf.write_report(run, folders)}')

    # Predict from the run directory alone: the first test image of each class.
    predictor = gf.Predictor.load(out)
    firsts = {label: path for path, label in reversed(folders.test.items)}
    for path, ranking in zip(firsts.values(), predictor(list(firsts.values()))):
        print(f'{path}: ' + ', '.join(f'{name} {probability:.2f}' for name, probability in ranking))
    return run


if __name__ == '__main__':
    main(*sys.argv[1:])
