"""Train a run in a process of its own, which is killed in the middle."""
import os
import signal

from forked import forked

TIMEOUT_S = 300


def train_and_kill(path, config, data, *, at_batch=None, at_call=None):
    """Start or resume the run `path` on the folder `data` in a process that is killed (-9).

    It is killed after batch number `at_batch` of this process, or before its call number `at_call`
    that changes the disk. Return whether it was killed before it finished.
    """
    process = forked.Process(target=_train,
                             args=(str(path), config, str(data), at_batch, at_call))
    process.start()
    process.join(TIMEOUT_S)
    assert process.exitcode in (0, -signal.SIGKILL), f'status {process.exitcode}'
    return process.exitcode != 0


def _train(path, config, data, at_batch, at_call):
    from gluon_finetune import ImageFolders
    from gluon_finetune.runs import train as module
    folders = ImageFolders(data)
    begin = module.resume_run if os.path.exists(path) else module.start_run
    net, run = begin(path, config, folders)
    if at_batch is not None:
        _kill_after_batch(module, at_batch)
    if at_call is not None:
        _kill_at_call(at_call)
    list(module.train_run(net, run, folders, progress=False))


def _kill_after_batch(module, number):
    train_steps = module.train_steps

    def steps(*arguments, **options):
        for i, meter in enumerate(train_steps(*arguments, **options)):
            if i == number:
                os.kill(os.getpid(), signal.SIGKILL)
            yield meter
    module.train_steps = steps


def _kill_at_call(number):
    calls = [0]

    def counted(function):
        def call(*arguments, **options):
            calls[0] += 1
            if calls[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)
        return call
    for name in ('mkdir', 'rename', 'replace', 'fsync', 'unlink', 'remove', 'rmdir'):
        setattr(os, name, counted(getattr(os, name)))
