"""The messages of errors."""
import pytest

from gluon_finetune.errors import UsageError


def message(call, *args, **kwargs):
    with pytest.raises(UsageError) as error:
        call(*args, **kwargs)
    return str(error.value)
