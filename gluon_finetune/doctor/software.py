"""Findings about Python and packages; each is imported in a process of its own."""
import importlib.metadata
import platform
import sys

from .finding import bad, ok, warn

REQUIRED = {'NumPy': ('numpy', 'numpy<2'), 'Pillow': ('PIL', 'Pillow')}   # module, requirement
OPTIONAL = {   # name: module, and what does not work without it
    'OpenCV': ('cv2', 'images are resized by MXNet instead, which slows training'),
    'torch': ('torch', '.pth files and the comparison with PyTorch need it'),
    'ONNX': ('onnx', 'export to ONNX needs it'),
    'ONNX Runtime': ('onnxruntime', 'the check of an ONNX export needs it')}
DISTRIBUTIONS = {'PIL': 'Pillow', 'cv2': 'opencv-python'}   # installed under another name
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
        return _fails(bad, name, module, answer.failure, requirement)
    if name == 'NumPy' and int(answer.result.partition('.')[0]) >= 2:
        return bad(name, f'{answer.result}, and MXNet needs one below 2', "pip install 'numpy<2'")
    return ok(name, answer.result)


def mxnet(answer):
    """MXNet as this package imports it; what that says ends in the remedy where there is one."""
    if answer.failure is None:
        there = [name for name in FEATURES if name in answer.result['features']]
        return ok('MXNet', f"{answer.result['version']} with {', '.join(there)}")
    cause, _, remedy = answer.failure.rpartition(': ')
    if remedy.startswith(('pip ', 'apt-get ')):
        return bad('MXNet', f"{_installed('mxnet')} does not import: {cause}", remedy)
    return _fails(bad, 'MXNet', 'mxnet', answer.failure, 'mxnet>=1.9.1,<2')


def gluoncv(answer, mxnet_works):
    """GluonCV as this package imports it, and whether a user's own import would do."""
    if not mxnet_works:
        return bad('GluonCV', f"{_installed('gluoncv')} needs MXNet", 'repair MXNet first')
    if answer.failure and 'which refuses MXNet' in answer.failure:
        return warn('GluonCV', f"{_installed('gluoncv')} refuses this MXNet",
                    "for its networks: pip install 'mxnet<2'; those of Gluon's own zoo work")
    if answer.failure:
        return _fails(bad, 'GluonCV', 'gluoncv', answer.failure, 'gluoncv>=0.10.5,<1')
    if answer.result:
        return warn('GluonCV', f"{_installed('gluoncv')}; your own `import gluoncv` would fail "
                    f"({answer.result.partition(',')[0]})", OWN_GLUONCV)
    return ok('GluonCV', _installed('gluoncv'))


def optional(name, answer):
    """A package that a part of this one needs."""
    module, need = OPTIONAL[name]
    if answer.failure is None:
        return ok(name, answer.result)
    if _is_missing(module, answer.failure):
        return ok(name, f'not installed; {need}')
    return _fails(warn, name, module, answer.failure, DISTRIBUTIONS.get(module, module))


def _fails(level, name, module, cause, requirement):
    if _is_missing(module, cause):
        return level(name, 'not installed', f"pip install '{requirement}'")
    return level(name, f'{_installed(module)} does not import: {cause}',
                 f"pip install --force-reinstall '{requirement}'")


def _is_missing(module, cause):
    return cause.endswith(f"ModuleNotFoundError: No module named '{module}'")


def _installed(module):
    try:
        return importlib.metadata.version(DISTRIBUTIONS.get(module, module))
    except importlib.metadata.PackageNotFoundError:
        return module
