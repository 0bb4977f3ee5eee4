"""What gluon_finetune needs and installs; its version stands in gluon_finetune/version.py."""
import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
VERSION = (ROOT / 'gluon_finetune' / 'version.py').read_text()

setup(
    name='gluon_finetune',
    version=re.search(r"__version__ = '(.+)'", VERSION).group(1),
    description='Fine-tune pretrained Gluon networks on a folder of images',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['gluon_finetune', 'gluon_finetune.*']),
    package_data={'gluon_finetune': ['py.typed', '*.pyi', 'results/templates/*']},
    python_requires='>=3.8,<3.13',   # NumPy below 2 has no build for Python 3.13
    install_requires=[
        'mxnet>=1.9.1,<2.1',         # 2.0.0b1 for those who ask for it; pip takes 1.9.1
        'gluoncv>=0.10.5,<1',
        'numpy>=1.19,<2',            # MXNet's own limit
        'scipy>=1.7,<2',             # binomtest; SciPy 2 drops scipy.sparse.csr, which MXNet reads
        'scikit-learn>=1.1,<2',
        'opencv-python>=4.5,<5',     # the build that GluonCV installs anyway
        'matplotlib>=3.6,<4',
        'jinja2>=3,<4',
        'tqdm>=4.60,<5',
        'Pillow>=8,!=10.4.*',        # 10.4 does not import beside NumPy 1.20
        'safetensors>=0.3,<1',       # reads such files without PyTorch
        'requests>=2.28,<3',         # MXNet requires it
        'urllib3>=1.26,<3',          # requests requires it
        'filelock>=3.13,<5',         # is_singleton
        'msgspec>=0.18,<1',          # convert
        'platformdirs>=3,<5',
        'setuptools>=61; python_version >= "3.12"',   # for distutils, which MXNet imports
    ],
    extras_require={
        'heif': ['pillow-heif>=0.10'],
        'export': ['onnx>=1.14,<2', 'onnxruntime>=1.15,<2'],
        'test': ['pytest>=7', 'pytest-xdist>=3,<4', 'hypothesis>=6,<7', 'ruff', 'nbclient',
                 'ipykernel', 'mypy>=1.4', 'build', 'twine', 'pyyaml', 'tensorboardX>=2.5,<3',
                 'nox>=2024.10.9'],
        'tensorboard': ['tensorboardX>=2.5,<3'],
        'near': ['imagehash>=4.3,<5'],
        'parity': ['torch>=2,<3', 'torchvision>=0.15,<1', 'timm>=0.9,<2'],
        'bench': ['psutil>=5.8,<8', 'onnx>=1.14,<2', 'onnxruntime>=1.15,<2'],
    },
    entry_points={'console_scripts': ['gluon-finetune = gluon_finetune.__main__:main']},
)
