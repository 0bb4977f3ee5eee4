"""All checks, and their findings as text on one screen."""
from __future__ import annotations

import shutil
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List

from ..version import __version__
from . import machine, software
from .ask import ask
from .finding import BAD, WARN, Finding, bad

Sections = Dict[str, List[Finding]]   # title: findings


def examine() -> Sections:
    """Run every check and return the findings by section; takes some ten seconds of imports."""
    packages = {**software.REQUIRED, **software.OPTIONAL}
    with ThreadPoolExecutor(3) as pool:
        mxnet_answer, gluoncv = pool.submit(ask, 'mxnet'), pool.submit(ask, 'gluoncv')
        versions = {name: pool.submit(ask, 'version', module)
                    for name, (module, _) in packages.items()}
        files = pool.submit(_check_files)
        mxnet = mxnet_answer.result()
        return {
            'Software': [
                software.python(), software.required('NumPy', versions['NumPy'].result()),
                software.mxnet(mxnet), software.gluoncv(gluoncv.result(), mxnet.failure is None),
                software.required('Pillow', versions['Pillow'].result()),
                *[software.optional(name, versions[name].result()) for name in software.OPTIONAL]],
            'Machine': [finding for finding in [
                machine.processor(), machine.cores(),
                machine.threads(mxnet.result and mxnet.result['threads']),
                machine.gpus(mxnet.result)] if finding],
            'Files': files.result()}


def _check_files() -> list[Finding]:
    try:
        from . import files  # here, as it needs packages that may be missing
    except ImportError as error:
        return [bad('files', f'not checked: {error}', 'pip install gluon-finetune')]
    hosts = [files.host(*host, ask('address', host[1], seconds=5)) for host in files.hosts()]
    return [*files.folders(), *files.weights(), *hosts]


def screen(sections: Sections, width: int | None = None) -> str:
    """Return the findings and their remedies as text of 60 to 100 columns.

    Args:
        sections: What `examine` returned.
        width: Columns of the terminal; None asks for them.
    """
    width = min(100, max(60, width or shutil.get_terminal_size().columns))
    lines = [f'gluon_finetune {__version__}']
    for title, findings in sections.items():
        lines += ['', title]
        for finding in findings:
            mark = '' if finding.level == 'ok' else finding.level
            lines += _wrapped(f'{mark:>4}  {finding.name:14}', finding.value, width)
            lines += _wrapped(' ' * 20 + '-> ', finding.remedy, width) if finding.remedy else []
    return '\n'.join([*lines, '', summary(sections)])


def summary(sections: Sections) -> str:
    """Return the number of errors and warnings, in one sentence."""
    levels = [finding.level for findings in sections.values() for finding in findings]
    errors, warnings = levels.count(BAD), levels.count(WARN)
    first = f'{errors} broken' if errors else 'Nothing is broken'
    return first + (f', {warnings} could be better' if warnings else '') + '.'


def broken(sections: Sections) -> bool:
    """Return whether a finding is bad."""
    return any(finding.level == BAD for findings in sections.values() for finding in findings)


def _wrapped(start: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=start, subsequent_indent=' ' * len(start),
                         break_on_hyphens=False, break_long_words=False)
