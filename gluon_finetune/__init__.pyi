"""The public names with their types, in the order of the package; MXNet has none, hence `Any`."""
import dataclasses
import os
from typing import (
    Any,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    NamedTuple,
    Sequence,
    overload,
)

_Path = str | os.PathLike[str]
_Array = Any                        # mxnet.nd.NDArray or mxnet.np.ndarray, as is in force
_Device = Any                       # mxnet.cpu(), mxnet.gpu(0)
_Net = Any                          # mxnet.gluon.Block
_Augs = Callable[[_Array], _Array]
_Batches = Iterable[Any]            # of pairs (X, y), such as a mxnet.gluon.data.DataLoader
_Run = Any                          # a run directory
_Axes = Any                         # matplotlib.axes.Axes
_Ranking = list[tuple[str, float]]

__version__: str

class UsageError(ValueError): ...
class WorkError(RuntimeError): ...
class Diverged(WorkError): ...

IMAGENET_MEAN: tuple[float, float, float]
IMAGENET_STD: tuple[float, float, float]

@dataclasses.dataclass(frozen=True)
class Config:
    network: str | None = None
    source: str | None = None
    scratch: bool = False
    learning_rate: float = 0.01
    batch_size: int = 128
    num_epochs: int = 5
    wd: float = 0.001
    lr_mult: float = 10
    image_size: int = 224
    min_area: float = 0.08
    freeze: bool = False
    seed: int | None = 0
    dtype: str = 'float32'
    views: int = 1
    num_workers: int = 1
    cache: str | None = None
    cache_limit: int | None = None
    on_bad: str = 'stop'
    on_diverge: str = 'stop'
    checkpoint_every: int | None = None
    def __post_init__(self) -> None: ...

DATA_HUB: dict[str, tuple[str, str]]
DATA_URL: str

def download(name: str, cache_dir: _Path | None = None) -> str: ...
def download_extract(name: str, folder: str | None = None) -> str: ...
def hotdog(**options: Any) -> ImageFolders: ...

class ImageFolders:
    root: str
    classes: list[str]
    train: Any
    test: Any
    split: dict[str, Any] | None
    def __init__(self, root: _Path, train: str = 'train', test: str = 'test', *, seed: int = 0,
                 test_fraction: float = 0.2,
                 split: None | _Path | Mapping[str, Any] = None) -> None: ...
    def check(self, progress: bool = True) -> list[Any]: ...
    def without(self, bad: Iterable[Any]) -> ImageFolders: ...

def read_image(path: _Path) -> _Array: ...
def test_augs(image_size: int = 224) -> _Augs: ...
def train_augs(image_size: int = 224, *, min_area: float = 0.08) -> _Augs: ...
def load_data(folders: ImageFolders, batch_size: int, image_size: int = 224, *,
              num_workers: int = 1, min_area: float = 0.08, cache: str | None = None,
              cache_limit: int | None = None, on_bad: str = 'stop') -> tuple[Any, Any]: ...

def network_names() -> list[str]: ...
def source_net(source: _Path | _Net = 'resnet18_v2', *,
               network: str | None = None) -> _Net: ...
def source_labels(source: _Path | _Net, net: _Net | None = None) -> list[Any]: ...
def finetune_net(source: _Path | _Net = 'resnet18_v2',
                 classes: int | list[str] | tuple[str, ...] = 2, *,
                 network: str | None = None, lr_mult: float = 10) -> _Net: ...
def freeze_features(net: _Net) -> _Net: ...
def reuse_source_class(net: _Net, source: _Path | _Net,
                       classes: Mapping[str, str]) -> _Net: ...
def scratch_net(name: str = 'resnet18_v2',
                classes: int | list[str] | tuple[str, ...] = 2) -> _Net: ...
def from_torch(state_dict: Mapping[str, Any], network: str, *,
               features_only: bool = False) -> _Net: ...
def to_torch(net: _Net, network: str | None = None) -> dict[str, Any]: ...

def split_batch(X: _Array, y: _Array,
                devices: Sequence[_Device]) -> tuple[list[_Array], list[_Array]]: ...
def try_all_gpus() -> list[_Device]: ...
def try_gpu(i: int = 0) -> _Device: ...
def evaluate_accuracy(net: _Net, data_iter: _Batches,
                      devices: Sequence[_Device] | None = None) -> float: ...

class Record(NamedTuple):
    epoch: int
    loss: float
    train_acc: float
    test_acc: float
    examples_per_sec: float
    seconds: float
    learning_rate: float

class History(list[Record]):
    @property
    def best(self) -> Record: ...
    def to_csv(self, path: _Path) -> None: ...
    @classmethod
    def from_csv(cls, path: _Path) -> History: ...
    def plot(self, path: _Path | None = None, ax: _Axes | None = None) -> _Axes: ...

def seed_everything(seed: int | None, epoch: int = 0) -> None: ...
def train_ch13(net: _Net, train_iter: Any, test_iter: _Batches, loss: Any, trainer: Any,
               num_epochs: int, devices: Sequence[_Device] | None = None, *,
               seed: int | None = None, progress: bool = True) -> History: ...
def train_fine_tuning(net: _Net, learning_rate: float, batch_size: int = 128, num_epochs: int = 5,
                      *, data: ImageFolders | None = None,
                      devices: Sequence[_Device] | None = None, image_size: int = 224,
                      wd: float = 0.001, min_area: float = 0.08, seed: int | None = None,
                      num_workers: int = 1, cache: str | None = None, dtype: str = 'float32',
                      views: int = 1, progress: bool = True) -> History: ...
def to_mean_gradient(learning_rate: float, wd: float, batch_size: int) -> tuple[float, float]: ...
def to_sum_gradient(learning_rate: float, wd: float, batch_size: int) -> tuple[float, float]: ...
def resume_run(path: _Path, config: Config, folders: ImageFolders,
               say: Callable[[str], object] = ...) -> tuple[_Net, _Run]: ...
def start_run(path: _Path, config: Config, folders: ImageFolders,
              devices: Sequence[_Device] | None = None) -> tuple[_Net, _Run]: ...
def train_run(net: _Net, run: _Run, folders: ImageFolders, *,
              devices: Sequence[_Device] | None = None, progress: bool = True,
              say: Callable[[str], object] = ..., at_once: bool = False) -> Iterator[Record]: ...

def plot_comparison(histories: Mapping[str, History], path: _Path | None = None) -> _Axes: ...
def plot_predictions(imgs: Sequence[_Array], labels: Sequence[str],
                     predictions: Sequence[_Ranking], num_cols: int = 6,
                     path: _Path | None = None) -> list[_Axes]: ...
def show_images(imgs: Iterable[Any], num_rows: int, num_cols: int,
                titles: Sequence[str] | None = None, scale: float = 1.5,
                path: _Path | None = None) -> list[_Axes]: ...

class Predictor:
    net: _Net
    classes: list[str]
    image_size: int
    def __init__(self, net: _Net, classes: Sequence[str] | None = None,
                 image_size: int = 224) -> None: ...
    @classmethod
    def load(cls, run: _Path, dtype: str = 'float32') -> Predictor: ...
    @overload
    def __call__(self, images: list[Any] | tuple[Any, ...],
                 top: int = 5) -> list[_Ranking]: ...
    @overload
    def __call__(self, images: _Path | _Array, top: int = 5) -> _Ranking: ...
    def probabilities(self, images: Sequence[Any]) -> Any: ...
    def rank(self, row: Any, top: int = 5) -> _Ranking: ...

def write_report(run: _Run, folders: ImageFolders, hardest: int = 18) -> str: ...
def export_torch(run: _Path, out: _Path | None = None) -> str: ...
def export_int8(run: _Path, folders: ImageFolders) -> str: ...
