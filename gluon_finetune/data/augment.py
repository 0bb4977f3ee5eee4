"""The chapter's augmentation of pictures into input tensors; knows neither files nor labels."""
from ..compat import mx
from ..config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO

transforms = mx.gluon.data.vision.transforms


def train_augs(image_size=224):
    """Random crop of 8 % to all of the area, random flip: HWC uint8 -> CHW float32, normalised.

    The side of the result is `image_size` pixels (chapter, section "Reading the Dataset").
    """
    return transforms.Compose([
        transforms.RandomResizedCrop(image_size),
        transforms.RandomFlipLeftRight(),
        transforms.ToTensor(),
        transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)])


def test_augs(image_size=224):
    """Resize to a square of 256/224 times `image_size`, centre crop: HWC uint8 -> CHW float32.

    Nothing is random; both sides are scaled, as Gluon's `Resize` and the chapter do.
    """
    return transforms.Compose([
        transforms.Resize(round(image_size * RESIZE_RATIO)),
        transforms.CenterCrop(image_size),
        transforms.ToTensor(),
        transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)])
