"""Keeps a run safe while it goes on: saves it, names what is left out, leads it back."""
import warnings

from ..compat.trainer import set_learning_rate
from ..errors import Diverged, Stopped, UsageError
from ..training.metrics import START
from .interrupt import NAMES, Requested
from .state import State

MOST_REWINDS = 5   # to a 32nd of the learning rate: if that diverges too, it is not the rate
NAMED = 10         # images named in one line; the report names all


class Keeper:
    """Saves the run `run` of `net` on `loaders` (training, test); `state` is where it is.

    `say` is told what a person should know.
    """

    def __init__(self, run, net, loaders, say=warnings.warn):
        self.run, self.net, self.loaders, self.say = run, net, loaders, say
        self.state, self._unsaved, self._said = None, 0, [0] * len(loaders)

    def begin(self, trainer, diverged=None):
        """Puts the last checkpoint into the net and `trainer`, the first time by making one.

        After the loss has `diverged`, with half the learning rate; if that happens again before
        anything new is saved, from the checkpoint before, as the last one may be what is spoilt.
        Raises `Diverged` once that is of no use.
        """
        run, before = self.run, self.state
        if diverged is not None:
            _refuse_rewind(run.config, before, diverged)
        if run.last() is None:
            run.save(self.net, trainer, State(run.config.learning_rate))
        self.trainer, self.state = trainer, run.restore(self.net, trainer, back=self._unsaved)
        self.loaders[0].empty = self.state.empty_batches
        if diverged is not None:
            self._halve(before, str(diverged).partition(': ')[0])

    def _halve(self, before, reason):
        state, self._unsaved = self.state, self._unsaved + 1
        state.rewinds, state.learning_rate = before.rewinds + 1, before.learning_rate / 2
        set_learning_rate(self.trainer, state.learning_rate)
        self.say(f'{reason}: back to {describe_place(state.place)}, with learning rate '
                 f'{state.learning_rate:g} ({state.rewinds} of at most {MOST_REWINDS} times)')

    def keep(self, steps, request):
        """Yields the `Record` of each epoch of `steps`, the meters of `train_steps`, once saved.

        Raises `Stopped` once a batch is done and saved after which the `Request` has a signal. One
        of the test pass needs no saving: the run goes on with the whole pass.
        """
        try:
            for meter in self._saving_if_ended(steps):
                asked = request.signal
                if asked or meter.record or self._is_due(meter):
                    self.save(meter)
                if meter.record:
                    yield meter.record
                if asked:
                    raise Requested
        except Requested:
            raise Stopped(f'stopped by {NAMES[request.signal]} after '
                          f'{describe_place(self.state.place)}', request.signal) from None

    def _is_due(self, meter):
        every = self.run.config.checkpoint_every
        return every is not None and meter.batch % every == 0

    def save(self, meter):
        """Writes a checkpoint of where the `Meter` is."""
        state = self.state
        state.place = meter.place()
        if meter.record and len(state.history) < meter.record.epoch:
            state.history.append(meter.record)
        state.empty_batches = self.loaders[0].empty if state.place.batch else 0
        for loader in self.loaders:
            state.left_out.update((_printable(path), reason) for path, reason in loader.skipped)
        self.run.save(self.net, self.trainer, state)
        self._unsaved = 0
        if meter.record:
            self._say_left_out(meter.record.epoch)

    def _saving_if_ended(self, steps):
        """The meters of `steps`; when an image or a signal ends them, what was done is saved."""
        meter = None
        try:
            for meter in steps:
                yield meter
        except Requested:
            if meter is not None:
                self.save(meter)
            raise
        except UsageError as error:
            if meter is None:
                raise
            self.save(meter)
            raise UsageError(f'{error}; what was done before is saved: go on with --resume once it '
                             f'is mended, or without it by --resume --on-bad skip') from None

    def _say_left_out(self, epoch):
        new = {path: reason for loader, said in zip(self.loaders, self._said)
               for path, reason in loader.skipped[said:]}
        self._said = [len(loader.skipped) for loader in self.loaders]
        if new:
            named = '; '.join(f'{path}: {reason}' for path, reason in list(new.items())[:NAMED])
            more = f'; and {len(new) - NAMED} more' if len(new) > NAMED else ''
            self.say(f'epoch {epoch} went without {len(new)} image{"s" * (len(new) > 1)} '
                     f'({named}{more})')


def describe_place(place):
    """Where a run is, in words."""
    if place == START:
        return 'the beginning'
    if place.batch == 0:
        return f'the end of epoch {place.epoch - 1}'
    return f'batch {place.batch} of epoch {place.epoch}'


def _refuse_rewind(config, state, diverged):
    if config.on_diverge != 'rewind':
        raise diverged
    if state.rewinds >= MOST_REWINDS:
        raise Diverged(f'{diverged}; going back and halving the learning rate has not helped '
                       f'{MOST_REWINDS} times') from None


def _printable(path):
    """The path without what JSON cannot hold: half characters, of names that are not UTF-8."""
    return path.encode('utf-8', 'backslashreplace').decode('utf-8')
