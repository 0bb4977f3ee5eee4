import sys

import pytest

from gluon_finetune import compat
from gluon_finetune.compat import imports


def test_names_of_imports_and_modules_are_attributes(monkeypatch):
    assert compat.gluoncv is imports.gluoncv and compat.mx is imports.mx
    monkeypatch.delattr(compat, 'versions', raising=False)
    assert compat.versions is sys.modules['gluon_finetune.compat.versions']


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError) as error:
        compat.tensorflow  # noqa: B018
    assert str(error.value) == (
        "module 'gluon_finetune.compat.imports' has no attribute 'tensorflow'")
