"""The chapter's augmentation of pictures into input tensors; knows neither files nor labels."""
from ..compat import mx
from ..config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO

transforms = mx.gluon.data.vision.transforms


def train_augs(image_size=224, *, min_area=0.08):
    """Random crop of `min_area` to 1 of the area, random flip: HWC uint8 -> normalised CHW float32.

    The side of the result is `image_size` pixels (chapter, section "Reading the Dataset").
    """
    return transforms.Compose([
        transforms.RandomResizedCrop(image_size, scale=(min_area, 1)),
        transforms.RandomFlipLeftRight(),
        transforms.ToTensor(),
        transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)])


def test_augs(image_size=224):
    """Square of 256/224 times `image_size`, centre crop: HWC uint8 -> normalised CHW float32.

    Nothing is random; both sides are scaled, as Gluon's `Resize` and the chapter do.
    """
    return transforms.Compose([
        transforms.Resize(round(image_size * RESIZE_RATIO)),
        transforms.CenterCrop(image_size),
        transforms.ToTensor(),
        transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)])
