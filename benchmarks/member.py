"""Work of one member of the matrix: train and save, and predict with the networks of all members.

    python member.py write FOLDER
    python member.py read FOLDER...

It needs only the installed package; noxfile.py runs it.
"""
import sys
from pathlib import Path

import numpy as np

import gluon_finetune as gf
from gluon_finetune.cli.main import main as cli
from gluon_finetune.compat.imports import array
from gluon_finetune.synthetic.dataset import draw_hotdogs
from gluon_finetune.training.evaluate import predict_probabilities

NETWORK, SIZE = 'mobilenetv2_0.25', 32
TOLERANCE = 1e-5   # of probabilities


def write(folder):
    """Fine-tune on synthetic images; write the run, weights saved by MXNet, and predictions."""
    folder = Path(folder)
    draw_hotdogs(folder / 'images', train=8, test=4, size=64)
    options = ['--network', NETWORK, '--image-size', str(SIZE), '--batch-size', '8']
    train(folder, 'source', '--scratch', '--epochs', '1', *options)
    weights = (folder / 'source' / 'best.params').rename(folder / f'{NETWORK}-source.params')
    train(folder, 'run', '--source', str(weights), '--epochs', '2', *options)
    net = gf.Predictor.load(str(folder / 'run')).net
    X = np.random.RandomState(0).randn(8, 3, SIZE, SIZE).astype('float32')
    np.savez(folder / 'answers.npz', X=X, answers=predict_probabilities(net, array(X)))
    net.save_parameters(str(folder / f'{NETWORK}-mxnet.params'))


def train(folder, name, *options):
    status = cli(['train', str(folder / 'images'), '--out', str(folder / name), *options])
    if status:
        raise SystemExit(f'train ended with status {status}')


def read(folders):
    """Raise SystemExit unless runs and weights in `folders` predict as where they were trained."""
    for folder in map(Path, folders):
        saved = np.load(folder / 'answers.npz')
        nets = {'run': gf.Predictor.load(str(folder / 'run')).net,
                'weights': gf.source_net(str(folder / f'{NETWORK}-mxnet.params'))}
        for what, net in nets.items():
            answers = predict_probabilities(net, array(saved['X']))
            difference = abs(answers - saved['answers']).max()
            print(f'{folder.name}: {what} differs by {difference:.1e}')
            if not difference <= TOLERANCE:
                raise SystemExit(f'{folder.name}: {what} differs by {difference}')


if __name__ == '__main__':
    if Path(sys.prefix) not in Path(gf.__file__).parents:
        raise SystemExit(f'{gf.__file__} is not the installed package')
    write(sys.argv[2]) if sys.argv[1] == 'write' else read(sys.argv[2:])
