"""Bars are drawn on terminals and in notebooks only; lines go to standard error."""
import io
import sys

import pytest

from gluon_finetune import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize('stream, drawn', [(Terminal(), True), (io.StringIO(), False)])
def test_a_bar_is_drawn_on_a_terminal_only(monkeypatch, stream, drawn):
    monkeypatch.setattr(sys, 'stderr', stream)
    assert progress.shows_bars() == drawn
    assert list(progress.tqdm(range(3), 'counting', file=stream)) == [0, 1, 2]
    with progress.tqdm(total=2, desc='counting', file=stream) as bar:
        bar.update(2)
    assert ('counting' in stream.getvalue()) == drawn


def test_a_bar_that_is_off_is_not_drawn_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, 'stderr', Terminal())
    assert list(progress.tqdm([1], disable=True)) == [1] and sys.stderr.getvalue() == ''


def test_a_line_goes_to_standard_error_if_there_is_one(monkeypatch):
    monkeypatch.setattr(sys, 'stderr', io.StringIO())
    progress.log('one line')
    assert sys.stderr.getvalue() == 'one line\n'
    monkeypatch.setattr(sys, 'stderr', None)   # a process without a console
    progress.log('another')
    assert not progress.shows_bars()
