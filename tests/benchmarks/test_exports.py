"""The script tries a network in every format, and names those that it does not have."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.mxnet1
def test_a_row_of_the_table():
    pytest.importorskip('onnxruntime', reason='needs the extra export')
    pytest.importorskip('torch', reason='needs the extra parity')
    done = subprocess.run([sys.executable, 'benchmarks/exports.py', 'mobilenetv2_0.25', 'gone'],
                          cwd=ROOT, text=True, capture_output=True,
                          env={**os.environ, 'PYTHONPATH': os.pathsep.join(
                              [str(ROOT), os.environ.get('PYTHONPATH', '')])})
    first, second = done.stdout.splitlines()
    number = r'\d\.\de[-+]\d\d'
    assert re.fullmatch(rf"\| `mobilenetv2_0\.25` \| 32 \| {number} \| {number} \| "
                        rf"'mobilenetv2_0\.25' has no known counterpart \| {number} \|", first)
    assert second.startswith("| `gone` | could not be tried: unknown network 'gone'")
    assert done.returncode == 1
