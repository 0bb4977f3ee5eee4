"""Fine-tuning as the chapter calls it: brings data, network and trainer together for the loop."""


from ..config import Config
from ..data.check import refuse_bad_images
from ..data.folders import hotdog
from .devices import check_dtype, try_all_gpus
from .loop import seed_everything, train_ch13
from .setup import set_up


def train_fine_tuning(net, learning_rate, batch_size=128, num_epochs=5, *, data=None, devices=None,
                      image_size=224, wd=0.001, min_area=0.08, seed=None, num_workers=1,
                      cache=None, dtype='float32', views=1, progress=True):
    """Trains `net` on the folders `data` (default: the chapter's hot dogs); returns the `History`.

    `devices` default to every GPU, or the CPU; `min_area` is the smallest share of an image that a
    crop keeps; `num_workers` and `cache` as in `load_data`; `dtype` is what layers compute in,
    'bfloat16' on a CPU with AVX-512 and 'float16' on a GPU, while the weights stay float32. The
    frozen features of `views` random crops of each image are computed once; with 0 each epoch
    computes those of new crops. With a `seed` the same call gives the same result on the same
    machine. Everything is checked before the first batch: raises `UsageError` for a number that
    cannot work, images that cannot be decoded, or a net with another number of classes;
    `Diverged` when the loss is not finite. Source: the chapter, "Fine-tuning the model".
    """
    config = Config(learning_rate=learning_rate, batch_size=batch_size, num_epochs=num_epochs,
                    wd=wd, image_size=image_size, min_area=min_area, seed=seed,
                    num_workers=num_workers, cache=cache, dtype=dtype, views=views)
    folders = hotdog() if data is None else data
    devices = devices or try_all_gpus()
    check_dtype(dtype, devices)
    refuse_bad_images(folders, progress)
    seed_everything(seed)
    return train_ch13(*set_up(net, config, folders, devices, progress), num_epochs, devices,
                      seed=seed, progress=progress)
