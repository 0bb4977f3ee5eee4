"""Fine-tunes pretrained Gluon networks on folders of images.

The public names, in the order an image travels: folders, batches, network, loop, result.
"""
from .start import is_command_line

if not is_command_line():   # a command imports what it needs itself: `doctor` nothing of this
    from .compat import imports  # first: MXNet must load before anything asks for it
    from .version import __version__
    from .errors import Diverged, UsageError, WorkError
    from .config import IMAGENET_MEAN, IMAGENET_STD, Config
    from .data.hub import DATA_HUB, DATA_URL, download, download_extract
    from .data.folders import hotdog
    from .data.folders import ImageFolders
    from .data.image import read_image
    from .data.augment import test_augs, train_augs
    from .data.loader import load_data
    from .models.zoo import network_names
    from .models.source import source_net
    from .models.labels import source_labels
    from .models.finetune import finetune_net, reuse_source_class, scratch_net
    from .models.freeze import freeze_features
    from .models.pytorch.bridge import from_torch, to_torch
    from .training.devices import split_batch, try_all_gpus, try_gpu
    from .training.evaluate import evaluate_accuracy
    from .training.history import History, Record
    from .training.loop import seed_everything, train_ch13
    from .training.fine_tuning import train_fine_tuning
    from .training.hyperparameters import to_mean_gradient, to_sum_gradient
    from .runs.train import resume_run, start_run, train_run
    from .results.plot import plot_comparison, plot_predictions, show_images
    from .results.predict import Predictor
    from .results.report import write_report
    from .export.pytorch import export_torch
    from .export.int8 import export_int8
