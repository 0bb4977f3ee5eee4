import pytest

from gluon_finetune.compat.versions import supports_numpy, supports_python


@pytest.mark.parametrize('version, supported', [
    ((3, 7), False), ((3, 8), True), ((3, 12, 4), True), ((3, 13), False)])
def test_supported_pythons(version, supported):
    assert supports_python(version) is supported


@pytest.mark.parametrize('version, supported', [
    ('1.19.5', True), ('1.26.4', True), ('2.1.0', False)])
def test_supported_numpys(version, supported):
    assert supports_numpy(version) is supported
