"""Export every network of the zoos to every format; write the table of docs/exports.md.

    python benchmarks/exports.py [--write] [NAME ...]

Weights are random, and one image of the smallest size that fits is compared: the numbers are the
largest differences from the network itself, as shares of its largest output. Needs the extras
export and parity.
"""
import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from gluon_finetune import Config, network_names, scratch_net
from gluon_finetune.compat.imports import array
from gluon_finetune.export.formats import FORMATS, export_all
from gluon_finetune.models.input_sizes import fitting_sizes
from gluon_finetune.models.pytorch.pairs import PAIRS
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.training.history import History, Record

PAGE = Path(__file__).resolve().parents[1] / 'docs' / 'exports.md'
CLASSES = ['blue', 'red']
HEADER = (f'| network | image size | {" | ".join(FORMATS)} |\n'
          f'|---|---:|{"---|" * len(FORMATS)}')


def row(name, data, folder):
    """Return one line of the table."""
    size = export_run(name, data, folder)
    lines, cells = [], {}
    for kind, outcome in export_all(folder, notify=lines.append):
        if isinstance(outcome, str):
            cells[kind] = re.search(r'difference .*?(\d\S*) of', lines.pop()).group(1)
        else:
            cells[kind] = ' '.join(str(outcome).split()).partition(': expected one of')[0]
    return f'| `{name}` | {size} | {" | ".join(cells[kind] for kind in FORMATS)} |'


def export_run(name, data, folder):
    """Make a run directory with random weights; return the image size."""
    net = scratch_net(name, CLASSES, seed=0)
    sizes = fitting_sizes(net)
    if name in PAIRS and PAIRS[name].sizes:   # those at which PyTorch's counterpart is the same
        sizes = [size for size in sizes if size in PAIRS[name].sizes]
    config = Config(network=name, scratch=True, image_size=min(sizes), batch_size=1, num_epochs=1)
    run = RunDirectory.create(folder, config, CLASSES, data=data)
    net(array(np.zeros((1, 3, min(sizes), min(sizes)))))
    net.save_parameters(run.file('best.params'))
    History([Record(1, 1, 0.5, 0.5, 1, 1, 0.1)]).to_csv(run.file('history.csv'))
    return min(sizes)


def make_images(folder):
    """Make a folder with two images to calibrate int8 and one to compare."""
    noise = np.random.RandomState(0)
    for path in ('train/blue/0.png', 'train/red/0.png', 'test/red/1.png'):
        path = folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise.randint(0, 256, (96, 128, 3), 'uint8')).save(path)
    return folder


def main():
    """Print the table; return 1 if a network could not be tried."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', metavar='NAME', help='networks (default: all)')
    parser.add_argument('--write', action='store_true', help='put the table into docs/exports.md')
    options = parser.parse_args()
    rows, failures = [], []
    with tempfile.TemporaryDirectory() as folder:
        data, run = make_images(Path(folder, 'images')), Path(folder, 'run')
        for name in options.names or network_names():
            try:
                rows.append(row(name, data, run))
            except Exception as error:
                failures.append(name)
                rows.append(f'| `{name}` | could not be tried: '
                            f'{" ".join(str(error).split())[:80]} |')
            print(rows[-1], flush=True)
            shutil.rmtree(run, ignore_errors=True)
    if options.write:
        text = PAGE.read_text(encoding='utf-8')
        head, tail = text.split('<!-- table -->')[0], text.split('<!-- end of table -->')[1]
        PAGE.write_text('\n'.join([head + '<!-- table -->', HEADER, *rows, '<!-- end of table -->'])
                        + tail, encoding='utf-8')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
