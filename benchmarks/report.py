"""Medians, ratios, the table and the JSON of a benchmark, and the machine it ran on.

A result is a dict with `rounds`, a list of dicts of numbers, or with `not_available` or `failed`,
the reason why there are none.
"""
import json
import math
import os
import platform
import statistics

import psutil

CORES = min(psutil.cpu_count(logical=False) or 1,
            len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else math.inf)
CPUINFO = '/proc/cpuinfo'
FLAGS = ('avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'avx512_bf16', 'amx_bf16', 'amx_int8')


def median(result, key):
    """Return the median of a number over the rounds, or None without measurements."""
    values = [told[key] for told in result.get('rounds', ()) if key in told]
    return statistics.median(values) if values else None


def advantage(first, second, key, less_is_better=False):
    """Return the speed-up of the first over the second: the median ratio of a round, or None.

    Both numbers of a ratio come from the same round, so a slow minute affects both.
    """
    pairs = [(one[key], other[key])
             for one, other in zip(first.get('rounds', ()), second.get('rounds', ()))
             if one.get(key) and other.get(key)]
    ratios = [other / one if less_is_better else one / other for one, other in pairs]
    return statistics.median(ratios) if ratios else None


def exponent(sizes, costs):
    """Return the p of cost ~ size^p: least squares on the logarithms."""
    x, y = ([math.log(value) for value in values] for values in (sizes, costs))
    x_mean, y_mean = statistics.mean(x), statistics.mean(y)
    return (sum((a - x_mean) * (b - y_mean) for a, b in zip(x, y))
            / sum((a - x_mean) ** 2 for a in x))


def machine():
    """Describe this machine and its load."""
    return {'cpu': _cpuinfo('model name') or platform.processor(), 'cores': CORES,
            'flags': cpu_flags(), 'memory_gb': round(psutil.virtual_memory().total / 1e9, 1),
            'system': platform.platform(terse=True), 'python': platform.python_version(),
            'load': psutil.getloadavg()[0]}


def cpu_flags():
    """Return the instruction sets of this CPU that matter for speed."""
    flags = _cpuinfo('flags').split()
    return [flag for flag in FLAGS if flag in flags]


def without_bfloat16():
    """Return why bfloat16 is not measured on this machine, or None if it is."""
    if {'avx512_bf16', 'amx_bf16'} & set(cpu_flags()):
        return None
    return 'this CPU has no bfloat16 instructions (avx512_bf16 or amx_bf16)'


def _cpuinfo(key):
    try:
        with open(CPUINFO, encoding='utf-8') as file:
            lines = [line for line in file if line.startswith(key)]
        return lines[0].split(':', 1)[1].strip() if lines else ''
    except OSError:
        return ''


def table(results, columns, less_is_better=False):
    """Return a Markdown table of `columns`, {key: heading}, with range and ratios of the first."""
    key, first = next(iter(columns)), first_measured(results)
    headings = [*columns.values(), 'min–max', 'speed-up']
    lines = ['| side | ' + ' | '.join(headings) + ' |', '|---|' + '---:|' * len(headings)]
    for name, result in results.items():
        cells = _cells(result, columns, advantage(first, result, key, less_is_better))
        cells += [''] * (len(headings) - len(cells))
        lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def first_measured(results):
    """Return the result that the others are compared with."""
    return next((result for result in results.values() if result['rounds']), {})


def why_unmeasured(result):
    """Return why a side has no numbers, in one line; '' where it has some."""
    reason = result.get('failed') or result.get('not_available') or ''
    return ' '.join(reason.split())[:200]


def _cells(result, columns, ratio):
    if why_unmeasured(result):
        label = 'failed' if 'failed' in result else 'not available'
        return [f'{label}: {why_unmeasured(result)}']
    values = [told[next(iter(columns))] for told in result['rounds']]
    return [*(number(median(result, key)) for key in columns),
            f'{number(min(values))}–{number(max(values))}', f'{number(ratio)}×']


def number(value):
    """Return three significant digits, '' for None."""
    if value is None:
        return ''
    return f'{value:.0f}' if abs(value) >= 100 else f'{value:.3g}'


def report(args, results, columns, less_is_better=False, **more):
    """Print machine, versions, threads and table, write the JSON, return the exit status.

    `more` is added to the JSON. The status is 1 if a side failed, else 0.
    """
    this, first, key = machine(), first_measured(results), next(iter(columns))
    versions = {library: version for result in results.values()
                for library, version in result.get('versions', {}).items()}
    print(f'{this["cpu"]}, {this["cores"]} cores, {" ".join(this["flags"])}, '
          f'{this["memory_gb"]} GB; Python {this["python"]}, '
          + ', '.join(f'{library} {version}' for library, version in versions.items()))
    for side, result in results.items():
        notes = [result.get('note'), *(f'{what} {count}' for what, count
                                       in result.get('threads', {}).items())]
        if any(notes):
            print(f'{side}: {", ".join(filter(None, notes))}')
    print(f'\n{table(results, columns, less_is_better)}\n', flush=True)
    write_json(args.json, {
        'machine': this, 'versions': versions, 'settings': vars(args), 'key': key,
        'medians': {side: median(result, key) for side, result in results.items()},
        'ratios': {side: advantage(first, result, key, less_is_better)
                   for side, result in results.items()},
        'sides': results, **more})
    return int(any('failed' in result for result in results.values()))


def write_json(path, value):
    """Write `value` atomically, if there is a `path`."""
    if path:
        with open(f'{path}.tmp', 'w', encoding='utf-8') as file:
            json.dump(value, file, indent=2)
            file.write('\n')
        os.replace(f'{path}.tmp', path)
