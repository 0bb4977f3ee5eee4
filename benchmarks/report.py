"""Medians, ratios, the table and the JSON of a benchmark, and the machine it ran on.

Knows nothing about processes or frameworks: a result is a dict with `rounds`, a list of dicts of
numbers, or with `not_available` or `failed`, the reason why it has none.
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
    """Median of a number over the rounds; None for a side that has none."""
    values = [told[key] for told in result.get('rounds', ()) if key in told]
    return statistics.median(values) if values else None


def advantage(ours, theirs, key, less_is_better=False):
    """How many times better the first is: the median over the rounds of their ratios; or None.

    The two numbers of a ratio come from the same round, so a slow minute is in both of them.
    """
    pairs = [(mine[key], other[key])
             for mine, other in zip(ours.get('rounds', ()), theirs.get('rounds', ()))
             if mine.get(key) and other.get(key)]
    ratios = [other / mine if less_is_better else mine / other for mine, other in pairs]
    return statistics.median(ratios) if ratios else None


def exponent(sizes, costs):
    """The p of cost ~ size^p that fits best: least squares on the logarithms."""
    x, y = ([math.log(value) for value in values] for values in (sizes, costs))
    x_mean, y_mean = statistics.mean(x), statistics.mean(y)
    return (sum((a - x_mean) * (b - y_mean) for a, b in zip(x, y))
            / sum((a - x_mean) ** 2 for a in x))


def machine():
    """What this machine is, and how busy it was."""
    return {'cpu': _cpuinfo('model name') or platform.processor(), 'cores': CORES,
            'flags': cpu_flags(), 'memory_gb': round(psutil.virtual_memory().total / 1e9, 1),
            'system': platform.platform(terse=True), 'python': platform.python_version(),
            'load': psutil.getloadavg()[0]}


def cpu_flags():
    """Those of the CPU's instruction sets that matter here."""
    flags = _cpuinfo('flags').split()
    return [flag for flag in FLAGS if flag in flags]


def without_bfloat16():
    """Why bfloat16 is not measured on this machine, or None where it is."""
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
    """Markdown; `columns` are {key: heading}, of the first also the range and the ratios."""
    key, first = next(iter(columns)), first_measured(results)
    headings = [*columns.values(), 'least to most', 'first against it']
    lines = ['| side | ' + ' | '.join(headings) + ' |', '|---|' + '---:|' * len(headings)]
    for name, result in results.items():
        cells = _cells(result, columns, advantage(first, result, key, less_is_better))
        cells += [''] * (len(headings) - len(cells))
        lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def first_measured(results):
    """The result that the others are compared with."""
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
            f'{number(min(values))} to {number(max(values))}', f'{number(ratio)} times']


def number(value):
    """Three digits that mean something; '' for None."""
    if value is None:
        return ''
    return f'{value:.0f}' if abs(value) >= 100 else f'{value:.3g}'


def report(args, results, columns, less_is_better=False, **more):
    """Prints machine, versions, threads and table, writes the JSON, returns the exit status.

    `more` goes into the JSON as it is. The status is 1 where a side failed, else 0.
    """
    here, first, key = machine(), first_measured(results), next(iter(columns))
    versions = {library: version for result in results.values()
                for library, version in result.get('versions', {}).items()}
    print(f'{here["cpu"]}, {here["cores"]} cores, {" ".join(here["flags"])}, '
          f'{here["memory_gb"]} GB; Python {here["python"]}, '
          + ', '.join(f'{library} {version}' for library, version in versions.items()))
    for side, result in results.items():
        notes = [result.get('note'), *(f'{what} {count}' for what, count
                                       in result.get('threads', {}).items())]
        if any(notes):
            print(f'{side}: {", ".join(filter(None, notes))}')
    print(f'\n{table(results, columns, less_is_better)}\n', flush=True)
    write_json(args.json, {
        'machine': here, 'versions': versions, 'settings': vars(args), 'key': key,
        'medians': {side: median(result, key) for side, result in results.items()},
        'ratios': {side: advantage(first, result, key, less_is_better)
                   for side, result in results.items()},
        'sides': results, **more})
    return int(any('failed' in result for result in results.values()))


def write_json(path, value):
    """Writes `value` under another name, then renames it; no `path`: writes nothing."""
    if path:
        with open(f'{path}.tmp', 'w', encoding='utf-8') as file:
            json.dump(value, file, indent=2)
            file.write('\n')
        os.replace(f'{path}.tmp', path)
