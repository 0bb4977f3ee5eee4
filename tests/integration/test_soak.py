"""After five hundred epochs no more memory, files and threads are in use than after five."""
import gc
import os
import threading

import pytest

import gluon_finetune as gf
from gluon_finetune.compat.imports import mx
from gluon_finetune.config import Config
from gluon_finetune.runs.train import start_run, train_run

EPOCHS, EARLY = 500, 5
CONFIG = Config(network='mobilenet0.25', scratch=True, batch_size=24, num_epochs=EPOCHS,
                image_size=32, num_workers=2, learning_rate=0.001)


def in_use():
    """Return bytes in memory, open files, threads."""
    gc.collect()
    mx.nd.waitall()
    with open('/proc/self/statm') as file:
        memory = int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
    return memory, len(os.listdir('/proc/self/fd')), threading.active_count()


@pytest.mark.faults
@pytest.mark.slow
def test_a_long_run_uses_no_more_than_a_short_one(chairs, tmp_path, capsys):
    folders = gf.ImageFolders(chairs)
    net, run = start_run(str(tmp_path / 'run'), CONFIG, folders)
    used = [in_use() for _ in train_run(net, run, folders, progress=False)]
    early, late = used[EARLY - 1], used[-1]
    with capsys.disabled():
        print(f'\nbytes in memory, open files, threads: {early} after epoch {EARLY}, {late} after '
              f'epoch {len(used)}')
    assert len(used) == EPOCHS
    for before, after in zip(early, late):
        assert abs(after - before) <= 0.05 * before
