"""The only place that knows versions and private names of MXNet, GluonCV and NumPy."""
import importlib


def __getattr__(name):
    """Give `compat.gluoncv` and the other names of `compat.imports`, imported when first used."""
    if name.startswith('__'):
        raise AttributeError(name)
    imports = importlib.import_module('.imports', __name__)
    return imports if name == 'imports' else getattr(imports, name)
