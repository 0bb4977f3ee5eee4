"""Drawings of images and results; returns the axes and computes nothing."""
from ..files.figure import save_figure

RIGHT, WRONG = '#1a7f37', '#b42318'


def show_images(imgs, num_rows, num_cols, titles=None, scale=1.5, path=None):
    """Draws `imgs` (height, width, 3) on a grid and returns the flat list of axes.

    Images may be MXNet or NumPy arrays; `path` writes a file instead of showing a figure.
    """
    figure = _new_figure((num_cols * scale, num_rows * scale), path)
    axes = [figure.add_subplot(num_rows, num_cols, i + 1) for i in range(num_rows * num_cols)]
    for ax in axes:
        ax.axis('off')
    for i, (ax, img) in enumerate(zip(axes, imgs)):
        ax.imshow(img.asnumpy() if hasattr(img, 'asnumpy') else img)
        if titles:
            ax.set_title(titles[i], fontsize=9)
    if path:
        save_figure(figure, path)
    return axes


def plot_predictions(imgs, labels, predictions, num_cols=6, path=None):
    """A grid of images titled with the predicted class, red and with the true one when wrong.

    `labels` are names, `predictions` what a `Predictor` returned for the images.
    """
    num_rows = -(-len(imgs) // num_cols)
    axes = show_images(imgs, num_rows, num_cols, scale=1.9)
    for ax, label, ranking in zip(axes, labels, predictions):
        name, probability = ranking[0]
        ax.set_title(f'{name} {probability:.2f}' + ('' if name == label else f'\nis {label}'),
                     color=RIGHT if name == label else WRONG, fontsize=8)
    figure = axes[0].figure
    figure.set_layout_engine('tight')
    if path:
        save_figure(figure, path)
        _close(figure)
    return axes


def plot_comparison(histories, path=None):
    """Test accuracy of several runs over the epochs; `histories` is a dict name -> `History`."""
    figure = _new_figure((5.5, 3.5), path)
    ax = figure.add_subplot()
    for name, history in histories.items():
        ax.plot([record.epoch for record in history], [record.test_acc for record in history],
                marker='o', label=name)
    ax.set(xlabel='epoch', ylabel='test accuracy', ylim=(0, 1.02))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(True)
    ax.legend(loc='lower right')
    if path:
        save_figure(figure, path)
    return ax


def _new_figure(size, path):
    """A figure that pyplot shows, or one that only goes to the file `path`."""
    from matplotlib import pyplot
    from matplotlib.figure import Figure
    return Figure(size, layout='tight') if path else pyplot.figure(figsize=size, layout='tight')


def _close(figure):
    from matplotlib import pyplot
    pyplot.close(figure)
