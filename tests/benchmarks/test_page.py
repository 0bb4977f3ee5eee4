"""The benchmark of the report's page runs, at its smallest."""
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def test_a_page_of_three_classes(tmp_path):
    out = subprocess.check_output([
        sys.executable, ROOT / 'benchmarks' / 'page.py', '--classes', '3', '--images', '2', '--out',
        tmp_path], cwd=ROOT, text=True, stderr=subprocess.DEVNULL)
    assert re.match(r'3 classes, 6 images: \d+\.\d s \(\d+\.\d s of CPU\), \d\.\d\d MB', out)
    assert (tmp_path / 'run' / 'report.html').exists()
