"""The progress bar: a widget in a notebook with ipywidgets, text everywhere else."""
import warnings

with warnings.catch_warnings():
    warnings.filterwarnings('ignore', 'IProgress not found')   # no ipywidgets: a bar of text
    from tqdm.auto import tqdm as tqdm
