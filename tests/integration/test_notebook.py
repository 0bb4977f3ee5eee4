"""In a notebook, one figure shows the curves during training and is redrawn each epoch."""
import base64

import nbclient
import nbformat

CELL = '''
%matplotlib inline
import gluon_finetune as gf
folders = gf.ImageFolders({data!r})
net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
history = gf.train_fine_tuning(net, 0.01, 8, 2, data=folders, image_size=32, progress=False)
'''


def images(cell):
    return [output['data']['image/png'] for output in cell.outputs
            if 'image/png' in output.get('data', {})]


def test_a_notebook_shows_the_curves_once(chairs):
    cells = [CELL.format(data=str(chairs)), 'history.plot();']
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=300).execute()
    live, asked_for = map(images, notebook.cells)
    assert len(live) == 1 and len(asked_for) == 1
    assert base64.b64decode(live[0])[:4] == b'\x89PNG'
