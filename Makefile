# Targets set up .venv first if they need it. PYTHON=... names the interpreter, EXTRAS=parity adds
# PyTorch, ARGS=... goes to pytest.
export PYTHON EXTRAS

help:
	@echo 'make demo     fine-tune a network on synthetic images and compare, in a few minutes'
	@echo 'make test     the tests (EXTRAS=parity: also the comparison with PyTorch)'
	@echo 'make faults   the rows of docs/reliability.md: faults caused for real, also the slow ones'
	@echo 'make fuzz     corrupt files at random for five minutes (SECONDS=...)'
	@echo 'make lint     the code style and the types'
	@echo 'make matrix   the wheel on Python 3.8 to 3.12, NumPy 1.19 to 1.26, MXNet 1.9.1 and 2.0.0b1'
	@echo '              (ARGS=few for few tests; make matrix-short: two of these and few tests)'
	@echo 'make dist     build and check sdist and wheel in dist/'
	@echo 'make bench-epoch  images/s, compared with PyTorch; also step predict loader frozen'
	@echo '             memory start scale, with ARGS="--data FOLDER --json FILE"; see docs/performance.md'
	@echo 'make clean    remove .venv and the files of tools'

demo: venv
	.venv/bin/gluon-finetune demo

test: venv
	.venv/bin/python -m pytest -n 2 --dist worksteal $(ARGS)

faults: venv
	.venv/bin/python -m pytest -m faults $(ARGS)

fuzz: venv
	FUZZ_SECONDS=$(or $(SECONDS),300) .venv/bin/python -m pytest -m 'faults and slow' tests/fuzz -s $(ARGS)

lint: venv
	.venv/bin/ruff check .
	.venv/bin/mypy

venv:
	@.ci/venv

matrix: venv
	.venv/bin/nox -- use
	.venv/bin/nox -- $(ARGS)
	.venv/bin/nox -s table -- $(ARGS)

matrix-short: venv
	.venv/bin/nox -t short -- use
	.venv/bin/nox -t short -- few

dist: venv
	rm -rf dist
	.venv/bin/python -m build --outdir dist .
	.venv/bin/python -m twine check --strict dist/*

bench-%: EXTRAS = parity,bench
bench-%: venv
	.venv/bin/python benchmarks/$*.py $(ARGS)

clean:
	rm -rf .venv .nox .pytest_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help demo test faults fuzz lint venv matrix matrix-short dist clean
