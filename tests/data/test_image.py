"""Every image format becomes the same upright RGB pixels; unusable files raise the reason."""
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gluon_finetune.compat.imports import mx
from gluon_finetune.data import image as decode
from gluon_finetune.data.dataset import ImageDataset
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


def on(background, alpha):
    """What a viewer shows of RGB with this opacity, 0 to 255."""
    return np.rint(RGB * (alpha / 255) + background * (1 - alpha / 255)).astype(int)


@pytest.mark.parametrize('background, value', [('white', 255), ('black', 0), ('#808080', 128)])
def test_transparent_pixels_show_the_background(tmp_path, background, value):
    half = np.dstack([RGB, np.full(RGB.shape[:2], 128, 'uint8')])
    for name, options in {'a.png': {}, 'a.webp': {'lossless': True}, 'a.tif': {}}.items():
        pixels = read_pixels(save(half, tmp_path / name, **options), background)
        assert np.abs(pixels - on(value, 128)).max() <= 1, name
    clear = np.dstack([RGB, np.zeros(RGB.shape[:2], 'uint8')])
    assert (read_pixels(save(clear, tmp_path / 'b.png'), background) == value).all()


@pytest.mark.parametrize('background', ['whitte', '#12', '', 7])
def test_a_background_that_is_no_colour(tmp_path, background):
    save(RGB, tmp_path / 'a.png')
    for call in (read_image, ImageDataset):
        with pytest.raises(UsageError) as caught:
            call(tmp_path / 'a.png', background=background)
        assert str(caught.value) == (f'unknown background {background!r}: it must be a colour, '
                                     f"such as 'white' or '#808080'")


def test_transparency_of_palettes_grey_and_one_colour(tmp_path):
    palette = Image.fromarray(RGB).quantize(4)
    first = np.asarray(palette.convert('RGB'))[np.asarray(palette) == 0][0]
    expected = np.where((RGB == first).all(axis=2)[:, :, None], 255, RGB)
    for name in ('a.png', 'a.gif'):
        pixels = read_pixels(save(palette, tmp_path / name, transparency=0))
        assert np.array_equal(pixels, expected), name
    some = bytes([0, 255, 128, 255])   # one opacity per colour
    pixels = read_pixels(save(palette, tmp_path / 'b.png', transparency=some))
    opacity = np.array([*some])[np.asarray(palette)][:, :, None]
    assert np.abs(pixels - on(255, opacity)).max() <= 1
    path = save(Image.fromarray(RGB), tmp_path / 'c.png', transparency=(40, 60, 220))
    assert np.array_equal(read_pixels(path)[24:, :32], np.full((24, 32, 3), 255))
    assert np.array_equal(read_pixels(path)[:24], RGB[:24])
    deep = save(GREY.astype('uint16') * 257, tmp_path / 'd.png', transparency=int(GREY[0, 0]) * 257)
    assert (read_pixels(deep)[:24, :32] == 255).all() and (read_pixels(deep)[24:] == GREY[
        24:, :, None]).all()
    grey = Image.fromarray(np.zeros((8, 8), 'uint8')).convert('LA')
    grey.putalpha(Image.fromarray(np.tile(np.array([[0, 255]], 'uint8'), (8, 4))))
    assert set(read_pixels(save(grey, tmp_path / 'e.png')).ravel().tolist()) == {0, 255}


def test_a_drawing_in_black_on_nothing_is_seen(tmp_path):
    for extension, options in {'.png': {}, '.webp': {'lossless': True}}.items():
        icon = np.zeros((40, 40, 4), 'uint8')
        icon[10:20, 10:20, 3] = 255
        pixels = read_pixels(save(icon, tmp_path / f'a{extension}', **options))
        assert (pixels[10:20, 10:20] == 0).all() and (pixels[:10] == 255).all()


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


def chunk(name, data, crc=0):
    data = name + data
    return (struct.pack('>I', len(data) - 4) + data + struct.pack('>I', zlib.crc32(data) ^ crc))


@pytest.mark.parametrize('extra', [
    chunk(b'zTXt', b'Comment\0\0' + zlib.compress(bytes(3 << 20))),
    chunk(b'iTXt', b'XML:com.adobe.xmp\0\1\0\0\0' + zlib.compress(bytes(3 << 20))),
    chunk(b'iCCP', b'camera\0\0' + zlib.compress(bytes(2 << 20))),
    chunk(b'iCCP', b'camera\0\0 nonsense'), chunk(b'tEXt', b'a\0b', crc=1),
    chunk(b'gAMA', b'12', crc=1), chunk(b'pHYs', b'1'), chunk(b'zTXt', b'a\0\7b')],
    ids=['text', 'xmp', 'profile', 'no profile', 'text crc', 'gamma crc', 'short', 'method'])
@pytest.mark.parametrize('before', [True, False])
def test_png_metadata_does_not_affect_the_pixels(tmp_path, extra, before):
    content, at = png(RGB, 8), 33 if before else -12
    (tmp_path / 'a.png').write_bytes(content[:at] + extra + content[at:])
    assert np.array_equal(read_pixels(str(tmp_path / 'a.png')), RGB)


def test_the_orientation_survives_metadata_that_is_skipped(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = np.ascontiguousarray(RGB[:, ::-1].swapaxes(0, 1))
    save(turned, tmp_path / 'a.png', exif=exif.tobytes())
    content = (tmp_path / 'a.png').read_bytes()
    bad = chunk(b'pHYs', struct.pack('>IIB', 1, 1, 1), crc=1)
    (tmp_path / 'a.png').write_bytes(content[:33] + bad + content[33:])
    assert np.array_equal(read_pixels(str(tmp_path / 'a.png')), RGB)


@pytest.mark.parametrize('options', [
    {}, {'progressive': True}, {'optimize': True}, {'subsampling': 0, 'quality': 98}])
@pytest.mark.parametrize('end', [b'', b'\xff', b'\xff\xd9more', b'\0' * 10])
def test_a_jpeg_without_its_end_marker_has_all_pixels(tmp_path, options, end):
    noise = np.random.RandomState(0).randint(0, 255, (70, 90, 3)).astype('uint8')
    path = save(noise, tmp_path / 'a.jpg', **options)
    content, whole = (tmp_path / 'a.jpg').read_bytes(), read_pixels(path)
    (tmp_path / 'a.jpg').write_bytes(content[:-2] + end)
    assert np.array_equal(read_pixels(path), whole)
    image = decode.EncodedImage(path)
    assert image.decode(4).shape == (18, 23, 3)
    for missing in (4, 8, 40, len(content) // 2):
        (tmp_path / 'a.jpg').write_bytes(content[:-missing])
        with pytest.raises(UsageError, match=CORRUPT):
            read_pixels(path)


def test_jpeg_metadata_does_not_affect_the_pixels(tmp_path):
    path = save(RGB, tmp_path / 'a.jpg')
    content, whole = (tmp_path / 'a.jpg').read_bytes(), read_pixels(path)
    for marker, data in [(b'\xff\xed', b'Photoshop 3.0\x008BIM\x04\x04\xff'),
                         (b'\xff\xe2', b'ICC_PROFILE\0'), (b'\xff\xe1', b'Exif\0\0MM\0*\xff')]:
        segment = marker + struct.pack('>H', len(data) + 2) + data
        (tmp_path / 'a.jpg').write_bytes(content[:2] + segment + content[2:-2])
        assert np.array_equal(read_pixels(path), whole), marker


@pytest.mark.parametrize('brand, kind', [(b'heic', 'HEIC'), (b'mif1', 'HEIC'), (b'avif', 'AVIF')])
def test_a_telephones_format_by_another_name(tmp_path, monkeypatch, brand, kind):
    formats = ('JPEG', 'PNG')
    monkeypatch.setattr(decode, 'FORMATS', formats)
    (tmp_path / 'a.jpg').write_bytes(b'\0\0\0\x18ftyp' + brand + bytes(99))
    with pytest.raises(UsageError) as caught:
        read_pixels(str(tmp_path / 'a.jpg'))
    article = 'an' if kind == 'AVIF' else 'a'
    assert str(caught.value) == (
        f"it is {article} {kind} image: pip install 'gluon_finetune[heif]' to read it")


@pytest.mark.skipif('.avif' not in EXTENSIONS, reason='Pillow reads no AVIF here')
def test_avif(tmp_path):
    path = save(RGB, tmp_path / 'a.avif', quality=100)
    assert np.abs(read_pixels(path).astype(int) - RGB)[4:20, 4:28].max() <= 8


@pytest.mark.skipif('.heic' not in EXTENSIONS, reason='needs pillow-heif')
def test_heic(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = np.ascontiguousarray(RGB[:, ::-1].swapaxes(0, 1))
    path = save(turned, tmp_path / 'a.heic', quality=100, exif=exif.tobytes())
    assert read_pixels(path).shape == RGB.shape
    assert np.abs(read_pixels(path).astype(int) - RGB)[4:20, 4:28].max() <= 8


def test_no_warning_of_pillow_reaches_the_user(tmp_path, recwarn):
    Image.fromarray(np.zeros((9000, 12_000), 'uint8')).save(tmp_path / 'a.png')
    with pytest.raises(UsageError, match='12000x9000 pixels: the limit is 80 million, scale it'):
        read_pixels(str(tmp_path / 'a.png'))
    exif = b'Exif\0\0II*\0\xff\xff\xff\xff nonsense'
    read_pixels(save(RGB, tmp_path / 'b.jpg', exif=exif))
    assert [*recwarn] == []


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
     '10000x8001 pixels: the limit is 80 million, scale it down'),
    (lambda tmp: png(RGB, 8, size=(60_000, 60_000)),
     'too many pixels: the limit is 80 million, scale it down')])
def test_an_unusable_image_raises_the_reason(tmp_path, content, reason):
    path = tmp_path / 'bad.jpg'
    path.write_bytes(content(tmp_path))
    with pytest.raises(UsageError) as caught:
        read_image(str(path))
    assert str(caught.value) == f'cannot use the image {path}: {reason}'
    assert caught.value.__suppress_context__


@pytest.mark.parametrize('values', [
    GREY / np.float32(255), GREY.astype('float32'), GREY.astype('int32'),
    GREY.astype('int32') * 256 + 9, GREY.astype('float32') * 256 + 9,
    np.where(GREY > 0, GREY / np.float32(255), np.nan).astype('float32')],
    ids=['0 to 1', '0.0 to 255.0', '0 to 255', '0 to 65535', '0.0 to 65535.0', 'nan'])
def test_grey_of_any_depth_is_shown(tmp_path, values):
    pixels = read_pixels(save(Image.fromarray(values), tmp_path / 'a.tif'))
    assert np.array_equal(pixels, np.dstack([GREY] * 3))


@pytest.mark.parametrize('values', [
    GREY.astype('int32') * 100_000, GREY.astype('float32') - 1000, GREY.astype('int32') - 300])
def test_values_beyond_16_bits_are_stretched(tmp_path, values):
    pixels = read_pixels(save(Image.fromarray(values), tmp_path / 'a.tif'))
    low, high = int(GREY.min()), int(GREY.max())
    assert np.abs(pixels[:, :, 0] - (GREY - low) * (255 / (high - low))).max() <= 0.5
    flat = save(Image.fromarray(np.full((9, 9), -7, 'int32')), tmp_path / 'b.tif')
    assert (read_pixels(flat) == 0).all()


def test_grey_whose_zero_is_white(tmp_path):
    deep = GREY.astype('uint16') * 257
    path = save(Image.fromarray(deep), tmp_path / 'a.tif', tiffinfo={262: 0})
    with Image.open(path) as image:
        white_is_zero = image.tag_v2[262] == 0
    assert np.array_equal(read_pixels(path)[:, :, 0], 255 - GREY if white_is_zero else GREY)


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
