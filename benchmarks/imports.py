"""Measure the import time of the package, by imported package.

    python benchmarks/imports.py [MODULE] [--runs N]

MODULE is gluon_finetune by default. Times are those of the modules of a package alone, in
milliseconds: the median of N new interpreters (default: 5) after one that fills the file cache.
"""
import argparse
import collections
import re
import statistics
import subprocess
import sys

LINE = re.compile(r'import time:\s*(\d+) \|\s*\d+ \| *(\S+)')


def measure(module):
    """Return {package: milliseconds of its modules} in one new interpreter."""
    done = subprocess.run([sys.executable, '-X', 'importtime', '-c', f'import {module}'],
                          capture_output=True, text=True, check=True)
    found = collections.Counter()
    for microseconds, name in LINE.findall(done.stderr):
        found[name.partition('.')[0]] += int(microseconds) / 1000
    return found


def medians(module, runs):
    """Return the median of each package over the runs, largest first, and of the total."""
    measure(module)
    found = [measure(module) for _ in range(runs)]
    names = {name for run in found for name in run}
    rows = {name: statistics.median(run[name] for run in found) for name in names}
    total = statistics.median(sum(run.values()) for run in found)
    return sorted(rows.items(), key=lambda row: -row[1]), total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('module', nargs='?', default='gluon_finetune')
    parser.add_argument('--runs', type=int, default=5)
    options = parser.parse_args()
    rows, total = medians(options.module, options.runs)
    print('| package | ms |\n|---|---:|')
    large = [(name, value) for name, value in rows if value >= 0.01 * total]
    for name, value in large:
        print(f'| `{name}` | {value:.0f} |')
    print(f'| {len(rows) - len(large)} others | {total - sum(value for _, value in large):.0f} |')
    print(f'| all | {total:.0f} |')


if __name__ == '__main__':
    main()
