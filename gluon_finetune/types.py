"""Type aliases of the package; MXNet has no types of its own, hence `Any`."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, Protocol, Tuple, Union

Array = Any         # mx.np.ndarray or mx.nd.NDArray: whichever array API is active
Axes = Any          # matplotlib.axes.Axes
Device = Any        # mx.cpu(), mx.gpu(0)
Figure = Any        # matplotlib.figure.Figure
Net = Any           # mx.gluon.Block
Parameter = Any     # mx.gluon.Parameter
Symbol = Any        # mx.sym.Symbol
Trainer = Any       # mx.gluon.Trainer

Batch = Tuple[Array, Array]   # examples (batch, ...), labels (batch,) or (batch, classes)

StrPath = Union[str, 'os.PathLike[str]']
Ranking = List[Tuple[str, float]]   # (class, probability), most probable first

if TYPE_CHECKING:
    import numpy.typing as npt  # NumPy 1.19 has none
    NumPyArray = npt.NDArray[Any]
else:
    NumPyArray = Any


class Writable(Protocol):
    """A file to write bytes to."""

    def write(self, content: Any) -> object:
        """Append bytes, or a view of them."""


class DataIter(Protocol):
    """Batches of an epoch, shuffled anew by each iteration."""

    def __len__(self) -> int:
        """Return the number of batches."""

    def __iter__(self) -> Iterator[Batch]:
        """Start an epoch."""


class ResumableDataIter(DataIter, Protocol):
    """Batches of an epoch, which can be started in its middle."""

    def batches(self, start: int) -> Iterable[Batch]:
        """Start an epoch without its first `start` batches."""
