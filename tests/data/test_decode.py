from gluon_finetune.data import decode, image


def test_the_names_of_0_1_0_are_those_of_today():
    assert decode.Picture is image.EncodedImage
    assert (decode.read_image, decode.read_pixels) == (image.read_image, image.read_pixels)
