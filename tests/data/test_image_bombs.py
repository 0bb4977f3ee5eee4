"""Decompression bombs: small files of huge images are refused before they take memory."""
import io
import struct
import zlib

import numpy as np
import pytest
from child import run_child
from PIL import Image

from gluon_finetune.data.image import MAX_PIXELS

pytestmark = pytest.mark.faults

SIDE = 12_000   # 144 million pixels, 432 MB
READ = '''
import warnings
warnings.simplefilter('error')
from gluon_finetune.data.image import read_image
try:
    said = str(read_image(arguments[0]).shape)
except Exception as error:
    said = f'{type(error).__name__} {error}'
'''


def read(tmp_path, content):
    """Return the outcome of reading; assert that it takes little memory."""
    path = tmp_path / 'a.jpg'
    path.write_bytes(content)
    assert len(content) < 5 << 20
    outcome, taken = run_child(READ, str(path), memory=2 << 30)
    assert taken < 100 << 20, f'{taken} bytes, and {outcome}'
    return outcome.replace(f'UsageError cannot use the image {path}: ', '')


def saved(kind, side=SIDE, **options):
    file = io.BytesIO()
    Image.new('L', (side, side)).save(file, kind, **options)
    return file.getvalue()


def with_size(content, width, height, at, form):
    """The file of a small image that claims to be a large one."""
    return content[:at] + struct.pack(form, width, height) + content[at + struct.calcsize(form):]


def chunk(name, data):
    data = name + data
    return struct.pack('>I', len(data) - 4) + data + struct.pack('>I', zlib.crc32(data))


def png(width, height, *between, bits=8, colour=2, data=bytes(1 << 27)):
    return (b'\x89PNG\r\n\x1a\n'
            + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, bits, colour, 0, 0, 0))
            + b''.join(between) + chunk(b'IDAT', zlib.compress(data, 1)) + chunk(b'IEND', b''))


def gif(width, height, frame):
    """A screen of one size whose one frame has another."""
    return (b'GIF89a' + struct.pack('<HHBBB', width, height, 0x80, 0, 0) + bytes(6)
            + b',' + struct.pack('<HHHHB', 0, 0, *frame, 0) + b'\x02\x02\x4c\x01\x00;')


def tiff(width, height, *tags, data=b''):
    """One strip of grey pixels; `tags` are (number, type, count, value)."""
    tags = sorted([(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1),
                   (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height),
                   (279, 4, 1, len(data)), *tags])
    return (b'II*\0' + struct.pack('<I', 8 + len(data)) + data + struct.pack('<H', len(tags))
            + b''.join(struct.pack('<HHII', *tag) for tag in tags) + bytes(4))


def webp(width, height):
    """A large canvas with a small frame."""
    frame = io.BytesIO()
    Image.new('RGB', (16, 16)).save(frame, 'WEBP')
    def part(name, data):
        return name + struct.pack('<I', len(data)) + data + b'\0' * (len(data) % 2)
    def three(number):
        return struct.pack('<I', number)[:3]
    body = (part(b'VP8X', b'\x02\0\0\0' + three(width - 1) + three(height - 1))
            + part(b'ANIM', bytes(6))
            + part(b'ANMF', bytes(6) + three(15) * 2 + three(100) + b'\0' + frame.getvalue()[12:]))
    return b'RIFF' + struct.pack('<I', len(body) + 4) + b'WEBP' + body


def small_jpeg():
    content = saved('JPEG', 16)
    return content, content.index(b'\xff\xc0') + 5


@pytest.mark.parametrize('make', [
    lambda: saved('PNG'), lambda: saved('JPEG'), lambda: saved('GIF'),
    lambda: saved('TIFF', compression='tiff_lzw'),
    lambda: saved('TIFF', compression='tiff_deflate'),
    lambda: webp(SIDE, SIDE), lambda: png(SIDE, SIDE), lambda: gif(SIDE, SIDE, (SIDE, SIDE)),
    lambda: tiff(SIDE, SIDE)],
    ids=['png', 'jpeg', 'gif', 'tiff lzw', 'tiff deflate', 'webp', 'png header', 'gif header',
         'tiff header'])
def test_a_real_bomb(tmp_path, make):
    assert SIDE ** 2 > MAX_PIXELS
    outcome = read(tmp_path, make())
    assert outcome in ('too many pixels: the limit is 80 million, scale it down',
                    f'{SIDE}x{SIDE} pixels: the limit is 80 million, scale it down')


@pytest.mark.parametrize('make', [
    lambda: png(2 ** 31 - 1, 2 ** 31 - 1), lambda: gif(65535, 65535, (65535, 65535)),
    lambda: gif(64, 64, (65535, 65535)), lambda: gif(8000, 8000, (65535, 65535)),
    lambda: tiff(2 ** 32 - 1, 2 ** 32 - 1),
    lambda: tiff(64, 64, (270, 2, 2 ** 32 - 1, 8)), lambda: tiff(64, 64, (320, 3, 2 ** 31, 8)),
    lambda: tiff(64, 64, (34675, 7, 2 ** 32 - 1, 8)), lambda: webp(16_384, 16_384),
    lambda: with_size(small_jpeg()[0], 65500, 65500, small_jpeg()[1], '>HH'),
    lambda: png(64, 64, chunk(b'zTXt', b'a\0\0' + zlib.compress(bytes(1 << 27), 1))),
    lambda: png(64, 64, chunk(b'iCCP', b'a\0\0' + zlib.compress(bytes(1 << 27), 1))),
    lambda: png(64, 64, chunk(b'iTXt', b'a\0\1\0\0\0' + zlib.compress(bytes(1 << 27), 1))),
    lambda: png(64, 64)],
    ids=['png', 'gif', 'gif frame', 'gif large frame', 'tiff', 'tiff text', 'tiff palette',
         'tiff profile', 'webp', 'jpeg', 'png text', 'png profile', 'png text 2', 'png data'])
def test_a_false_header(tmp_path, make):
    """Whether the file can be decoded or not, it takes no memory."""
    read(tmp_path, make())


@pytest.mark.parametrize('kind', ['PNG', 'GIF', 'TIFF'])
def test_the_largest_image_allowed_is_read(tmp_path, kind):
    side = 2000
    path = tmp_path / 'a.png'
    path.write_bytes(saved(kind, side))
    outcome, _ = run_child(READ, str(path), memory=2 << 30)
    assert outcome == str((side, side, 3)) and np.prod((side, side)) < MAX_PIXELS
