"""Every image format becomes the same upright RGB pixels; unusable files raise the reason."""
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gluon_finetune.compat.imports import mx
from gluon_finetune.data import image as decode
from gluon_finetune.data.formats import EXPECTED_FORMATS, EXTENSIONS
from gluon_finetune.data.image import read_image, read_pixels
from gluon_finetune.errors import UsageError

# Four corners of four colours, on flat fields that survive JPEG.
RGB = np.zeros((48, 64, 3), 'uint8')
RGB[:24, :32], RGB[:24, 32:], RGB[24:, :32] = (200, 30, 40), (30, 180, 60), (40, 60, 220)
RGB[24:, 32:] = (230, 220, 20)
GREY = np.asarray(Image.fromarray(RGB).convert('L'))
FINE = {'quality': 95, 'subsampling': 0}


def save(image, path, **options):
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(str(path), **options)
    return str(path)


@pytest.mark.parametrize('name, options, tolerance', [
    ('a.jpg', FINE, 3), ('a.JPEG', FINE, 3), ('a.jfif', {**FINE, 'progressive': True}, 3),
    ('a.png', {}, 0), ('a.bmp', {}, 0), ('a.gif', {}, 0), ('a.webp', {'lossless': True}, 0),
    ('a.tif', {}, 0), ('a.tiff', {'compression': 'tiff_lzw'}, 0),
    ('b.tif', {'compression': 'jpeg', 'quality': 95}, 3)])
def test_every_extension_is_decoded(tmp_path, name, options, tolerance):
    assert os.path.splitext(name)[1].lower() in EXTENSIONS
    pixels = read_pixels(save(RGB, tmp_path / name, **options))
    assert pixels.shape == (48, 64, 3) and pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - RGB)[4:20, 4:28].max() <= tolerance


@pytest.mark.parametrize('mode, extension, tolerance', [
    ('CMYK', '.jpg', 6), ('CMYK', '.tif', 1), ('RGBA', '.png', 0), ('RGBA', '.webp', 0),
    ('P', '.png', 0), ('P', '.gif', 0)])
def test_colour_modes_become_rgb(tmp_path, mode, extension, tolerance):
    image = Image.fromarray(RGB).convert('RGBA' if mode == 'RGBA' else 'RGB')
    if mode == 'P':
        image = image.quantize(8)
    options = {'.jpg': {'quality': 95}, '.webp': {'lossless': True}}.get(extension, {})
    pixels = read_pixels(save(image if mode == 'RGBA' else image.convert(mode),
                              tmp_path / f'a{extension}', **options))
    assert np.abs(pixels.astype(int) - RGB)[4:20, 4:28].max() <= tolerance


@pytest.mark.parametrize('extension', ['.png', '.tif', '.jpg', '.gif', '.bmp'])
def test_grey_is_the_same_in_three_channels(tmp_path, extension):
    pixels = read_pixels(save(GREY, tmp_path / f'a{extension}'))
    assert np.abs(pixels.astype(int) - GREY[:, :, None]).max() <= (2 if extension == '.jpg' else 0)


def test_transparency_is_dropped_whatever_its_kind(tmp_path):
    half = np.dstack([RGB, np.full(RGB.shape[:2], 128, 'uint8')])
    assert np.array_equal(read_pixels(save(half, tmp_path / 'a.png')), RGB)
    grey = Image.fromarray(GREY).convert('LA')
    assert np.array_equal(read_pixels(save(grey, tmp_path / 'b.png'))[:, :, 0], GREY)
    palette = Image.fromarray(RGB).quantize(4)
    colours = len(palette.getcolors())
    path = save(palette, tmp_path / 'c.png', transparency=bytes(range(0, 50 * colours, 50)))
    assert np.array_equal(read_pixels(path), RGB)


def test_one_bit_and_sixteen_bits(tmp_path):
    stripes = np.tile(np.array([[False, True]]), (8, 4))
    pixels = read_pixels(save(Image.fromarray(stripes), tmp_path / 'a.png'))
    assert np.array_equal(pixels[:, :, 1], stripes * 255)
    deep = GREY.astype('uint16') * 256 + 200   # the low byte is lost
    for extension in ('png', 'tif'):
        pixels = read_pixels(save(deep, tmp_path / f'b.{extension}'))
        assert np.array_equal(pixels, np.dstack([GREY] * 3))
        assert np.array_equal(pixels, mx.image.imread(str(tmp_path / f'b.{extension}')).asnumpy())


def test_sixteen_bit_colours_become_their_high_byte(tmp_path):
    path = tmp_path / 'a.png'
    path.write_bytes(png((RGB.astype('uint16') * 256 + 200).astype('>u2'), bits=16))
    assert np.array_equal(read_pixels(str(path)), RGB)


def png(pixels, bits, size=None):
    """Bytes of a colour PNG, which Pillow does not write with 16 bits, nor with a false size."""
    def chunk(name, data):
        data = name + data
        return struct.pack('>I', len(data) - 4) + data + struct.pack('>I', zlib.crc32(data))
    height, width = size or pixels.shape[:2]
    header = struct.pack('>IIBBBBB', width, height, bits, 2, 0, 0, 0)
    rows = zlib.compress(b''.join(b'\0' + row.tobytes() for row in pixels))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', rows)
            + chunk(b'IEND', b''))


@pytest.mark.parametrize('extension', ['.jpg', '.png', '.webp', '.tif'])
@pytest.mark.parametrize('orientation, stored', [
    (1, RGB), (2, RGB[:, ::-1]), (3, RGB[::-1, ::-1]), (4, RGB[::-1]), (5, RGB.swapaxes(0, 1)),
    (6, RGB[:, ::-1].swapaxes(0, 1)), (7, RGB[::-1, ::-1].swapaxes(0, 1)),
    (8, RGB[::-1].swapaxes(0, 1))])
def test_exif_orientation_is_undone(tmp_path, extension, orientation, stored):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {'.jpg': FINE, '.webp': {'lossless': True}}
    path = save(np.ascontiguousarray(stored), tmp_path / f'a{extension}', exif=exif.tobytes(),
                **options.get(extension, {}))
    pixels = read_pixels(path)
    assert pixels.shape == RGB.shape and pixels.flags['C_CONTIGUOUS']
    assert np.abs(pixels.astype(int) - RGB).max() <= (8 if extension == '.jpg' else 0)


@pytest.mark.filterwarnings('ignore:Corrupt EXIF data')
def test_corrupt_exif_does_not_affect_the_pixels(tmp_path):
    path = save(RGB, tmp_path / 'a.jpg', exif=b'Exif\0\0II*\0\xff\xff\xff\xff nonsense')
    assert read_pixels(path).shape == RGB.shape


def test_an_animation_gives_its_first_frame(tmp_path):
    path = save(Image.fromarray(RGB), tmp_path / 'a.gif', save_all=True,
                append_images=[Image.fromarray(255 - RGB)])
    assert np.array_equal(read_pixels(path), RGB)


def test_the_array_is_of_the_active_api(tmp_path, numpy_mode):
    X = read_image(save(RGB, tmp_path / 'a.png'))
    assert type(X) is (mx.np.ndarray if numpy_mode else mx.nd.NDArray)
    assert X.shape == (48, 64, 3) and np.array_equal(X.asnumpy(), RGB)


@pytest.mark.realdata
def test_photographs_decode_as_mxnet_decodes_them(hotdog_root):
    for path in sorted((hotdog_root / 'test' / 'hotdog').iterdir())[::20]:
        assert np.array_equal(read_pixels(str(path)), mx.image.imread(str(path)).asnumpy())


def jpeg(tmp_path):
    noise = np.random.RandomState(0).randint(0, 255, (64, 64, 3)).astype('uint8')
    save(noise, tmp_path / 'good.jpg')
    return (tmp_path / 'good.jpg').read_bytes()


CORRUPT = 'corrupt: its data is truncated or invalid'
UNKNOWN = f'unknown image format: expected {EXPECTED_FORMATS}'


@pytest.mark.parametrize('content, reason', [
    (lambda tmp: b'', 'the file is empty'),
    (lambda tmp: b'hello, I am a text file', UNKNOWN),
    (lambda tmp: b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n', UNKNOWN),
    (lambda tmp: jpeg(tmp)[:40], CORRUPT),
    (lambda tmp: jpeg(tmp)[:-200], CORRUPT),
    (lambda tmp: png(RGB, 8)[:-60], CORRUPT),
    (lambda tmp: png(RGB[:1, :1], 8), 'too small: 1x1 pixels, but the minimum is 3x3'),
    (lambda tmp: png(RGB[:2, :9], 8), 'too small: 9x2 pixels, but the minimum is 3x3'),
    (lambda tmp: png(RGB, 8, size=(8_001, 10_000)),
     '10000x8001 pixels: the limit is 80 million, scale the image down'),
    (lambda tmp: png(RGB, 8, size=(60_000, 60_000)),
     'too many pixels: the limit is 80 million, scale the image down')])
def test_an_unusable_image_raises_the_reason(tmp_path, content, reason):
    path = tmp_path / 'bad.jpg'
    path.write_bytes(content(tmp_path))
    with pytest.raises(UsageError) as caught:
        read_image(str(path))
    assert str(caught.value) == f'cannot use the image {path}: {reason}'
    assert caught.value.__suppress_context__


def test_float_pixels_are_refused(tmp_path):
    path = save(Image.fromarray(GREY / np.float32(255)), tmp_path / 'a.tif')
    with pytest.raises(UsageError, match='floats or 32-bit integers: save it with 8 or 16 bits'):
        read_pixels(path)


def test_an_unreadable_file_raises_the_reason(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / 'pipe.jpg')   # opening it would block forever
    os.symlink('nowhere', tmp_path / 'link.jpg')
    for name, reason in [('pipe.jpg', 'not a file'),
                         ('link.jpg', 'cannot be read: No such file or directory')]:
        with pytest.raises(UsageError) as caught:
            read_pixels(str(tmp_path / name))
        assert str(caught.value) == reason

    def forbidden(*args, **kwargs):
        raise PermissionError(13, 'Permission denied')
    path = save(RGB, tmp_path / 'secret.jpg')
    monkeypatch.setattr(decode.Image, 'open', forbidden)   # root may read everything
    with pytest.raises(UsageError, match='cannot be read: Permission denied'):
        read_pixels(path)
