"""What a member of the matrix does: trains and saves, and answers as the others did with theirs.

    python member.py write FOLDER
    python member.py read FOLDER...

Needs only the installed package, not the checkout; noxfile.py runs it.
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
    """Fine-tunes on drawn images; leaves the run, weights as MXNet saves them, and answers."""
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
    """Raises SystemExit unless the runs and weights in `folders` answer as they did there."""
    for folder in map(Path, folders):
        saved = np.load(folder / 'answers.npz')
        nets = {'run': gf.Predictor.load(str(folder / 'run')).net,
                'weights': gf.source_net(str(folder / f'{NETWORK}-mxnet.params'))}
        for what, net in nets.items():
            answers = predict_probabilities(net, array(saved['X']))
            difference = abs(answers - saved['answers']).max()
            print(f'{folder.name}: {what} answer alike but for {difference:.1e}')
            if not difference <= TOLERANCE:
                raise SystemExit(f'{folder.name}: {what} answer otherwise here ({difference})')


if __name__ == '__main__':
    if Path(sys.prefix) not in Path(gf.__file__).parents:
        raise SystemExit(f'{gf.__file__} is not the installed package')
    write(sys.argv[2]) if sys.argv[1] == 'write' else read(sys.argv[2:])
