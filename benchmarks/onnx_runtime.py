"""ONNX Runtime on a net that PyTorch exported."""
import os
import time

import numpy as np
import onnxruntime
from side import NotAvailable


def predict(path, batch_size, image_size, steps, cores):
    """Return a side: the session on one batch, repeatedly."""
    if not os.path.exists(path):
        raise NotAvailable('PyTorch did not export the net: it needs torch and onnx')
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    X = np.random.RandomState(0).randn(batch_size, 3, image_size, image_size).astype('float32')
    session.run(None, {'X': X})

    def work():
        began = time.perf_counter()
        for _ in range(steps):
            session.run(None, {'X': X})
        return {'images_per_second': steps * batch_size / (time.perf_counter() - began)}
    return work
