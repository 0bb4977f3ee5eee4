"""A demo of the smallest size."""
import pytest

from gluon_finetune import demo


@pytest.fixture(scope='session')
def quick(tmp_path_factory):
    """The outcome of the real entry point, in a folder and with a cache of its own."""
    folder = tmp_path_factory.mktemp('demo')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GLUON_FINETUNE_CACHE', str(folder / 'cache'))
        return demo.run(str(folder / 'out'), 0, False, **demo.QUICK)
