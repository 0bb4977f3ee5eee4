"""Image formats that can be decoded, and the extensions of their files."""
from __future__ import annotations

import contextlib
import importlib
import os
from typing import Any

from PIL import Image, PpmImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401, to register

Image.preinit()   # the other plugins

_BASE = {'.jpg': 'JPEG', '.jpeg': 'JPEG', '.png': 'PNG', '.bmp': 'BMP', '.gif': 'GIF',
         '.jfif': 'JPEG', '.jpe': 'JPEG', '.ppm': 'PPM', '.pgm': 'PPM', '.tif': 'TIFF',
         '.tiff': 'TIFF', '.webp': 'WEBP'}
_HEIF = {'.heic': 'HEIF', '.heif': 'HEIF', '.avif': 'AVIF'}
NEW_EXTENSIONS = ('.jpe', '.ppm', '.pgm', *_HEIF)   # since 0.1.0
_BRANDS = {b'heic': 'HEIC', b'heix': 'HEIC', b'heim': 'HEIC', b'heis': 'HEIC', b'mif1': 'HEIC',
           b'msf1': 'HEIC', b'hevc': 'HEIC', b'avif': 'AVIF', b'avis': 'AVIF'}

HINT = "pip install 'gluon_finetune[heif]'"


def _register() -> tuple[str, ...]:
    """Make Pillow read HEIC and AVIF where it can; return the formats it reads."""
    with contextlib.suppress(ImportError):
        importlib.import_module('PIL.AvifImagePlugin')   # since Pillow 11.3
    heif: Any = None
    with contextlib.suppress(ImportError):
        heif = importlib.import_module('pillow_heif')
    if heif is not None:
        heif.register_heif_opener()
        if 'AVIF' not in Image.OPEN and hasattr(heif, 'register_avif_opener'):
            heif.register_avif_opener()
    known = [*dict.fromkeys(_BASE.values()), 'HEIF', 'AVIF']
    return tuple(name for name in known if name in Image.OPEN and _works(name))


def _works(name: str) -> bool:
    """Return whether Pillow was built with the decoder of AVIF."""
    from PIL import features
    native = name == 'AVIF' and Image.OPEN[name][0].__module__.startswith('PIL.')
    return not native or bool(features.check('avif'))


FORMATS = _register()
EXTENSIONS = (*_BASE, *(name for name in _HEIF if _HEIF[name] in FORMATS))
UNREADABLE = tuple(name for name in _HEIF if name not in EXTENSIONS)   # until HINT is followed

_SHOWN = [{'WEBP': 'WebP', 'HEIF': 'HEIC'}.get(name, name) for name in FORMATS]
EXPECTED_FORMATS = f'{", ".join(_SHOWN[:-1])} or {_SHOWN[-1]}'


def is_image(name: str) -> bool:
    """Return whether a file of this name is taken for an image."""
    return os.path.splitext(name)[1].lower() in EXTENSIONS


def unknown_format(start: bytes = b'') -> str:
    """Return the reason why a file that starts with these 12 bytes is not decoded."""
    kind = _BRANDS.get(start[8:12]) if start[4:8] == b'ftyp' else None
    if kind:
        return f'it is {"an" if kind[0] == "A" else "a"} {kind} image: {HINT} to read it'
    return f'unknown image format: expected {EXPECTED_FORMATS}'
