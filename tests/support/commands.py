"""Calls the command line in this process."""
from gluon_finetune.cli.main import main

TRAIN = ['--scratch', '--network', 'mobilenetv2_0.25', '--image-size', '32', '--batch-size', '8',
         '--epochs', '1']


def call(capsys, *words):
    """Exit status, standard output, and the lines of standard error without the progress bar."""
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, [line for line in captured.err.replace('\r', '\n').splitlines()
                                  if line.startswith(('gluon-finetune:', 'skipped:'))]
