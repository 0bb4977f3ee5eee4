"""Turns the network of a run into one that computes with 8-bit integers; knows no training loop."""
import logging
import os
import warnings

import numpy

from ..compat import contrib, mx
from ..data.augment import test_augs
from ..data.loader import PictureLoader
from ..errors import UsageError
from ..models.arrays import adapted
from ..models.params_file import read_params
from ..models.output import structured_parameters
from ..training.checkpoint import RunDirectory, write_json
from .predict import Predictor

PICTURES = 256   # to calibrate on: the ranges of activations hardly change with more
