"""A run directory as training writes it, in no time: random weights and a history of one's own."""
import numpy as np

from gluon_finetune.compat.imports import array
from gluon_finetune.config import Config
from gluon_finetune.models.finetune import scratch_net
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.manifest import Manifest
from gluon_finetune.training.history import History, Record

RECORDS = [Record(1, 0.9, 0.4, 0.5, 10, 2, 0.01), Record(2, 0.5, 0.7, 0.75, 10, 2, 0.01),
           Record(3, 0.4, 0.8, 0.75, 10, 2, 0.005)]


def make_run(path, folders, records=RECORDS, seed=0, **options):
    """Return a run on `folders` with these records; the weights do not depend on them."""
    config = Config(**{'network': 'mobilenetv2_0.25', 'image_size': 64, 'batch_size': 8, **options})
    net = scratch_net(config.network, folders.classes, seed=seed)
    net(array(np.zeros((1, 3, config.image_size, config.image_size))))
    run = RunDirectory.create(path, config, folders.classes, folders.split,
                              Manifest.of(folders, folders.hashes(progress=False)), folders.root)
    net.save_parameters(run.file('best.params'))
    History(records).to_csv(run.file('history.csv'))
    return run
