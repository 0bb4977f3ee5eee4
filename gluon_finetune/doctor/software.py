"""Findings about Python and packages; each is imported in a process of its own."""
import importlib.metadata
import platform
import sys

from .finding import bad, ok, warn

REQUIRED = {'NumPy': ('numpy', 'numpy<2'), 'Pillow': ('PIL', 'Pillow')}   # module, requirement
OPTIONAL = {   # name: module, and what does not work without it
    'torch': ('torch', '.pth files and the comparison with PyTorch need it'),
    'ONNX': ('onnx', 'export to ONNX needs it'),
    'ONNX Runtime': ('onnxruntime', 'the check of an ONNX export needs it')}
FEATURES = ('CUDA', 'CUDNN', 'NCCL', 'MKLDNN', 'ONEDNN', 'OPENMP', 'OPENCV', 'DIST_KVSTORE')
OWN_GLUONCV = ('gluon_finetune imports it with torch hidden: call gluon_finetune.compat.gluoncv() '
               'before your own import')


def python():
    """Whether MXNet can run on this Python."""
    value = f'{platform.python_version()}, {sys.executable}'
    if (3, 8) <= sys.version_info[:2] < (3, 13):
        return ok('Python', value)
    return bad('Python', value, 'MXNet runs on Python 3.8 to 3.12: make an environment with one')


def required(name, answer):
    """NumPy or Pillow."""
    module, requirement = REQUIRED[name]
    if answer.failure:
        return _does_not_import(name, module, answer.failure,
                                f"pip install --force-reinstall '{requirement}'")
    if name == 'NumPy' and int(answer.result.partition('.')[0]) >= 2:
        return bad(name, f'{answer.result}, and MXNet needs one below 2', "pip install 'numpy<2'")
    return ok(name, answer.result)


def mxnet(answer):
    """MXNet as this package imports it; what that says ends in the remedy where there is one."""
    if answer.failure is None:
        there = [name for name in FEATURES if name in answer.result['features']]
        return ok('MXNet', f"{answer.result['version']} with {', '.join(there)}")
    cause, _, remedy = answer.failure.rpartition(': ')
    if not remedy.startswith(('pip ', 'apt-get ')):
        cause, remedy = answer.failure, "pip install --force-reinstall 'mxnet>=1.9.1,<2' 'numpy<2'"
    return _does_not_import('MXNet', 'mxnet', cause, remedy)


def gluoncv(answer, mxnet_works):
    """GluonCV as this package imports it, and whether a user's own import would do."""
    if answer.failure:
        remedy = ("pip install --force-reinstall --no-deps 'gluoncv>=0.10.5,<1'" if mxnet_works else
                  'repair MXNet first')
        return _does_not_import('GluonCV', 'gluoncv', answer.failure, remedy)
    version, why_not = answer.result['version'], answer.result['why_not']
    if why_not:
        return warn('GluonCV', f'{version}; your own `import gluoncv` would fail '
                    f"({why_not.partition(',')[0]})", OWN_GLUONCV)
    return ok('GluonCV', version)


def optional(name, answer):
    """A package that a part of this one needs."""
    module, need = OPTIONAL[name]
    if answer.failure is None:
        return ok(name, answer.result)
    if answer.failure == f"ModuleNotFoundError: No module named '{module}'":
        return ok(name, f'not installed; {need}')
    return _does_not_import(name, module, answer.failure,
                            f'pip install --force-reinstall {module}; {need}', level=warn)


def _does_not_import(name, module, cause, remedy, level=bad):
    try:
        installed = importlib.metadata.version(name.replace(' ', ''))
    except importlib.metadata.PackageNotFoundError:
        installed = module
    return level(name, f'{installed} does not import: {cause}', remedy)
