"""A run as one HTML page that needs nothing beside it; everything from outside is escaped."""
import base64
import html
import io
import os

from ..data.image import read_image
from ..files.atomic import atomic_write
from ..training.history import Record
from .plot import plot_predictions
from .predict import Predictor, confusion

PAGE = '''<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto }}
table {{ border-collapse: collapse; margin: 1rem 0 }}
th, td {{ border-bottom: 1px solid #ccc; padding: .25rem .8rem; text-align: right }}
th:first-child, td:first-child {{ text-align: left }}
img {{ max-width: 100% }}
</style></head><body>
<h1>{title}</h1>
<p>{summary}</p>
<h2>Curves</h2><img alt="loss and accuracy over the epochs" src="{curves}">
<h2>Epochs</h2>{epochs}
<h2>Test images</h2><p>Rows are true classes, columns what the network said.</p>{confusion}
<p>The {count} images whose true class it thought least probable:</p>
<img alt="hardest test images with predictions" src="{images}">
{left_out}<h2>Settings</h2>{settings}
</body></html>
'''


def write_report(run, folders, hardest=18):
    """Writes `report.html` of a `RunDirectory` from its best network and the test images."""
    predictor, history, left_out = Predictor.load(run.path), run.history, run.skipped
    paths, labels = zip(*(item for item in folders.test.items if item[0] not in left_out))
    rows, classes = predictor.probabilities(paths), run.classes
    counts = confusion(rows, labels)
    summary = (f'{run.config.network}, {len(history)} epochs: {counts.trace()} of {counts.sum()} '
               f'test images right ({counts.trace() / counts.sum():.3f}) with the weights of '
               f'epoch {history.best.epoch}.')
    order = sorted(range(len(paths)), key=lambda i: rows[i][labels[i]])[:hardest]
    images = plot_predictions([read_image(paths[i]) for i in order],
                                [classes[labels[i]] for i in order],
                                [predictor.rank(rows[i]) for i in order])
    page = PAGE.format(
        title=html.escape(os.path.basename(os.path.abspath(run.path))),
        summary=html.escape(summary),
        curves=_embed(history.plot(path=run.file('curves.png')).figure),
        epochs=_table(Record._fields, [[f'{value:.4g}' for value in record] for record in history]),
        confusion=_table([''] + classes, [[name, *row] for name, row in zip(classes, counts)]),
        images=_embed(images[0].figure), count=len(order), left_out=_left_out(left_out),
        settings=_table(['setting', 'value'], vars(run.config).items()))
    with atomic_write(run.file('report.html')) as file:
        file.write(page.encode('utf-8', 'backslashreplace'))
    return run.file('report.html')


def _left_out(left_out):
    if not left_out:
        return ''
    return (f'<h2>Left out</h2><p>Images that could not be read in one epoch or more: '
            f'{len(left_out)}.</p>{_table(["image", "reason"], left_out.items())}\n')


def _table(heading, rows):
    lines = [_row('th', heading), *(_row('td', row) for row in rows)]
    return f'<table>{"".join(lines)}</table>'


def _row(tag, values):
    cells = (f'<{tag}>{html.escape(str(value))}</{tag}>' for value in values)
    return f'<tr>{"".join(cells)}</tr>'


def _embed(figure):
    """The figure as a PNG inside the page."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=110)
    return 'data:image/png;base64,' + base64.b64encode(buffer.getvalue()).decode()
