"""Fine-tune pretrained Gluon networks on folders of images.

The public names, in the order an image travels: folders, batches, network, loop, result. Each is
imported when it is first used; __init__.pyi says the same to type checkers.
"""
import importlib

from .compat.hook import install_hook

install_hook()   # `from mxnet import gluon` works from here on

_PUBLIC = {   # module: its public names
    'version': ['__version__'],
    'errors': ['UsageError', 'WorkError', 'Diverged', 'Stopped'],
    'config': ['IMAGENET_MEAN', 'IMAGENET_STD', 'Config'],
    'data.hub': ['DATA_HUB', 'DATA_URL', 'download', 'download_extract'],
    'data.folders': ['hotdog', 'open_folders', 'ImageFolders'],
    'data.image': ['read_image'],
    'data.augment': ['test_augs', 'train_augs'],
    'data.loader': ['load_data'],
    'models.zoo': ['network_names'],
    'models.source': ['source_net'],
    'models.labels': ['source_labels'],
    'models.finetune': ['finetune_net', 'reuse_source_class', 'scratch_net'],
    'models.freeze': ['freeze_features'],
    'models.pytorch.bridge': ['from_torch', 'to_torch'],
    'training.devices': ['split_batch', 'try_all_gpus', 'try_gpu'],
    'training.evaluate': ['evaluate_accuracy'],
    'training.history': ['History', 'Record'],
    'training.loop': ['seed_everything', 'train_ch13'],
    'training.fine_tuning': ['train_fine_tuning'],
    'training.hyperparameters': ['to_mean_gradient', 'to_sum_gradient'],
    'runs.train': ['resume_run', 'start_run', 'train_run'],
    'runs.train_folder': ['train_folder'],
    'results.plot': ['plot_comparison', 'plot_predictions', 'show_images'],
    'results.predict': ['Predictor'],
    'results.evaluate': ['Evaluation', 'evaluate_run'],
    'results.report': ['write_report'],
    'results.compare': ['compare_runs', 'write_comparison'],
    'export.pytorch': ['export_torch'],
    'export.int8': ['export_int8'],
    'export.onnx': ['export_onnx'],
    'export.symbol': ['export_symbol'],
    'export.formats': ['export_all'],
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}
__all__ = list(_MODULE_OF)


# These lines and not the library lazy_loader, as `doctor` runs where nothing is installed.
def __getattr__(name):
    """Import a public name, or a submodule, when it is first used."""
    if name in _MODULE_OF:
        module = importlib.import_module(f'.{_MODULE_OF[name]}', __name__)
        globals()[name] = getattr(module, name)
        return globals()[name]
    try:
        return importlib.import_module(f'.{name}', __name__)
    except ModuleNotFoundError as error:
        if error.name != f'{__name__}.{name}':
            raise
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), *__all__})
