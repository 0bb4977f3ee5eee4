"""Where downloads and computed files are kept."""
import os


def cache_dir():
    """The folder of what was fetched: `$GLUON_FINETUNE_CACHE`, or `~/.cache/gluon_finetune`."""
    return os.path.expanduser(os.environ.get('GLUON_FINETUNE_CACHE') or '~/.cache/gluon_finetune')
