"""ONNX Runtime on a net that PyTorch exported; knows neither MXNet nor PyTorch."""
import time

import numpy
from side import NotAvailable


def predict(path, batch_size, image_size, steps, cores):
    """The session on one batch again and again."""
    try:
        import onnxruntime
    except ImportError:
        raise NotAvailable('onnxruntime is not installed') from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    X = numpy.random.RandomState(0).randn(batch_size, 3, image_size, image_size).astype('float32')
    session.run(None, {'X': X})

    def work():
        began = time.perf_counter()
        for _ in range(steps):
            session.run(None, {'X': X})
        return {'images_per_second': steps * batch_size / (time.perf_counter() - began)}
    return work
