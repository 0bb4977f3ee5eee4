"""The progress bar: a widget in a notebook that has widgets, text everywhere else."""
import warnings

with warnings.catch_warnings():
    warnings.filterwarnings('ignore', 'IProgress not found')   # no widgets: then it is text
    from tqdm.auto import tqdm  # noqa: F401
