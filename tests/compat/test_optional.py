import sys

import pytest

from gluon_finetune.compat.optional import import_optional
from gluon_finetune.errors import UsageError


def test_a_library_that_is_there():
    assert import_optional('json.decoder', 'reading', 'files') is sys.modules['json.decoder']


def test_a_library_that_is_not_installed():
    with pytest.raises(UsageError) as error:
        import_optional('gone_library.part', 'drawing', 'art')
    assert str(error.value) == ("drawing needs gone_library, which is not installed: pip install "
                                "'gluon_finetune[art]'")


def test_a_library_that_does_not_work(tmp_path, monkeypatch):
    (tmp_path / 'broken_library.py').write_text('import gone_dependency')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError) as error:
        import_optional('broken_library', 'drawing', 'art')
    assert str(error.value) == (
        "drawing needs broken_library, which cannot be imported (No module named "
        "'gone_dependency'): pip install 'gluon_finetune[art]'")
