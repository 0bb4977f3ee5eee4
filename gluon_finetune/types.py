"""Type aliases of the package; MXNet has no types of its own, hence `Any`."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, List, Tuple, Union

Array = Any         # mx.np.ndarray or mx.nd.NDArray: whichever array API is active
Axes = Any          # matplotlib.axes.Axes
Device = Any        # mx.cpu(), mx.gpu(0)
Figure = Any        # matplotlib.figure.Figure
Net = Any           # mx.gluon.Block
Symbol = Any        # mx.sym.Symbol
Trainer = Any       # mx.gluon.Trainer

StrPath = Union[str, 'os.PathLike[str]']
Ranking = List[Tuple[str, float]]   # (class, probability), most probable first

if TYPE_CHECKING:
    import numpy.typing as npt  # NumPy 1.19 has none
    NumPyArray = npt.NDArray[Any]
else:
    NumPyArray = Any
