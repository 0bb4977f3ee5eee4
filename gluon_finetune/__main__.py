"""The program `gluon-finetune`, also started as `python -m gluon_finetune`."""
import sys

from .cli.main import main

if __name__ == '__main__':
    sys.exit(main())
