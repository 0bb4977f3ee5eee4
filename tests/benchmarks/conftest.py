"""The scripts in benchmarks/ import each other by bare names, as Python lets scripts do."""
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / 'benchmarks'
sys.path.insert(0, str(BENCHMARKS))
