"""Looks at everything, and shows what it found on one screen; knows no remedy itself."""
import shutil
import textwrap
from concurrent.futures import ThreadPoolExecutor

from ..version import __version__
from . import files, machine, software
from .ask import ask
from .finding import BAD, WARN


def examine():
    """Every `Finding`, in a dictionary of sections; takes some ten seconds of imports."""
    packages = {**software.REQUIRED, **software.OPTIONAL}
    with ThreadPoolExecutor(3) as pool:
        mxnet, gluoncv = pool.submit(ask, 'mxnet'), pool.submit(ask, 'gluoncv')
        versions = {name: pool.submit(ask, 'version', module)
                    for name, (module, _) in packages.items()}
        hosts = [(host, pool.submit(ask, 'address', host[1], seconds=5)) for host in files.hosts()]
        mxnet = mxnet.result()
        return {
            'Software': [
                software.python(), software.required('NumPy', versions['NumPy'].result()),
                software.mxnet(mxnet), software.gluoncv(gluoncv.result(), mxnet.failure is None),
                software.required('Pillow', versions['Pillow'].result()),
                *[software.optional(name, versions[name].result()) for name in software.OPTIONAL]],
            'Machine': [finding for finding in [
                machine.processor(), machine.cores(),
                machine.threads(mxnet.result and mxnet.result['threads']),
                machine.shared_memory(), machine.gpus(mxnet.result)] if finding],
            'Files': [*files.folders(), *files.weights(),
                      *[files.host(*host, reply.result()) for host, reply in hosts]]}


def screen(sections, width=None):
    """The findings as text of 60 to 100 columns, each with what to do."""
    width = min(100, max(60, width or shutil.get_terminal_size().columns))
    lines = [f'gluon_finetune {__version__}']
    for title, findings in sections.items():
        lines += ['', title]
        for finding in findings:
            mark = '' if finding.level == 'ok' else finding.level
            lines += _wrapped(f'{mark:>4}  {finding.name:14}', finding.value, width)
            lines += _wrapped(' ' * 20 + '-> ', finding.remedy, width) if finding.remedy else []
    return '\n'.join([*lines, '', summary(sections)])


def summary(sections):
    """How many findings are bad, in one sentence."""
    levels = [finding.level for findings in sections.values() for finding in findings]
    broken, warnings = levels.count(BAD), levels.count(WARN)
    first = f'{broken} broken' if broken else 'Nothing is broken'
    return first + (f', {warnings} could be better' if warnings else '') + '.'


def broken(sections):
    """Whether a finding is bad."""
    return any(finding.level == BAD for findings in sections.values() for finding in findings)


def _wrapped(start, text, width):
    return textwrap.wrap(text, width, initial_indent=start, subsequent_indent=' ' * len(start),
                         break_on_hyphens=False, break_long_words=False)
