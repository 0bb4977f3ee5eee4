"""Make the scripts in benchmarks/ importable by their bare names, as they import each other."""
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / 'benchmarks'
sys.path.insert(0, str(BENCHMARKS))
