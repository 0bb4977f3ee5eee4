import pytest

from gluon_finetune.compat.versions import numpy_problem, supports_python


@pytest.mark.parametrize('version, supported', [
    ((3, 7), False), ((3, 8), True), ((3, 12, 4), True), ((3, 13), False)])
def test_supported_pythons(version, supported):
    assert supports_python(version) is supported


@pytest.mark.parametrize('version, problem', [
    ('1.19.5', None), ('1.26.4', None),
    ('2.1.0', 'NumPy 2.1.0 is installed, but MXNet needs NumPy below 2')])
def test_supported_numpys(version, problem):
    assert numpy_problem(version) == problem
