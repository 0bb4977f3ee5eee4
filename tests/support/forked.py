"""Processes forked off one that has what the tests need at hand: to import it takes seconds."""
import multiprocessing

import gluon_finetune

PACKAGE = [f'gluon_finetune.{module}' for module in gluon_finetune._PUBLIC]
# A test process has one server to fork from, and it loads what was asked for last.
forked = multiprocessing.get_context('forkserver')
forked.set_forkserver_preload([*PACKAGE, 'torch'])
