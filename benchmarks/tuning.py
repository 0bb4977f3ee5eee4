"""Find how PyTorch is fastest on this machine, for a fair comparison.

Trials are memory layouts with and without `torch.compile`; then, each on top of the best so far,
the tuning guide's advice on allocators (reusing freed memory, large pages, by settings of glibc), a
worker process, a foreach and a fused optimiser. Every trial is the same short work after one
unmeasured round.
"""
from harness import Side, compare, say
from report import CORES, median, number, without_bfloat16

# glibc returns large blocks to the system at once, and every step allocates them again.
KEEPING = {'MALLOC_MMAP_MAX_': '0', 'MALLOC_TRIM_THRESHOLD_': '17179869184',
           'THP_MEM_ALLOC_ENABLE': '1'}
BARE = {'memory': 'channels last'}   # without trials


def tuned_sides(function, options, args, arguments=None, steps=('keeping', 'workers', 'optimizer'),
                dtypes=('float32', 'bfloat16')):
    """Return PyTorch at its best in each dtype, and images/s of every trial."""
    sides, trials = [], {}
    for dtype in dtypes:
        name = 'PyTorch tuned' + f', {dtype}' * (dtype != 'float32')
        if not any(words in name for words in args.sides):
            continue
        if dtype == 'bfloat16' and without_bfloat16():
            side = Side(name, 'tuned_torch', function, not_available=without_bfloat16())
        else:
            side, trials[name] = tuned(name, function, {**options, 'dtype': dtype}, args,
                                       arguments, steps)
        sides.append(side)
    return sides, trials


def tuned(name, function, options, args, arguments=None, steps=()):
    """Return the fastest trial as a `Side`, and images/s of every trial."""
    def side(tuning, environ):
        return Side(name, 'tuned_torch', function, {**options, **tuning, 'cores': CORES}, environ,
                    note=in_words(tuning, environ))
    if args.quick or args.no_trials:
        return side(BARE, {}), {}
    trials = Trials(side, arguments or {})
    trials.among([({'memory': memory, **compiled}, {}) for memory in ('contiguous', 'channels last')
                  for compiled in ({}, {'compiled': True})])
    if 'keeping' in steps:
        trials.among([(trials.best[0], KEEPING)])
    for step, values in (('workers', [1]), ('optimizer', ['foreach', 'fused'])):
        if step in steps:
            tuning, environ = trials.best
            trials.among([({**tuning, step: value}, environ) for value in values])
    return side(*trials.best), trials.found


def in_words(tuning, environ):
    """Describe the tuning of a side in a few words."""
    words = [{'memory': value, 'compiled': 'compiled', 'script': 'frozen script',
              'workers': f'{value} worker', 'optimizer': value}[key]
             for key, value in tuning.items()]
    return ', '.join(words + ['keeping memory'] * bool(environ))


class Trials:
    """The fastest tuning so far, and the speed of every trial."""

    def __init__(self, make_side, arguments):
        self.make_side, self.arguments = make_side, arguments
        self.found, self.best, self.speed = {}, None, 0

    def among(self, ways):
        """Try every tuning, one at a time: together they might not fit into memory."""
        for way in ways:
            result, = compare([self.make_side(*way)], 1, self.arguments, self.arguments).values()
            speed, name = median(result, 'images_per_second'), in_words(*way)
            self.found[name] = speed
            say(f'tried PyTorch, {name}: {number(speed) or result}')
            if speed and speed > self.speed:
                self.best, self.speed = way, speed
        self.best = self.best or (BARE, {})   # its own round reports the error
