"""Runs code in a process of its own whose memory is limited."""
import os
import subprocess
import sys

_START = '''
import resource, sys
{imports}
def used():
    """Bytes that lie in memory, at the most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
with open('/proc/self/statm') as file:
    taken = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + {memory},) * 2)
before = used()
{code}
print('memory taken:', used() - before)
'''


def run_child(imports, code, *arguments, memory, cwd=None):
    """What `code` printed, line by line, and how much more memory it took than `imports` had.

    It may address no more than `memory` bytes beyond what the imports took; `arguments` are its
    sys.argv[1:].
    """
    done = subprocess.run(
        [sys.executable, '-c', _START.format(imports=imports, code=code, memory=memory),
         *map(str, arguments)], capture_output=True, text=True, timeout=120, cwd=cwd,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path), 'OMP_NUM_THREADS': '1'})
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    return lines, int(last.partition('memory taken: ')[2])
