"""The chapter's four steps on synthetic images, without a download."""
from .outcome import Outcome, report, table, verdict
from .source import Source, pretrain, pretrained_file
from .steps import QUICK, Target, new_folder, run

__all__ = ['QUICK', 'Outcome', 'Source', 'Target', 'new_folder', 'pretrain', 'pretrained_file',
           'report', 'run', 'table', 'verdict']
