from gluon_finetune.doctor.examine import broken, screen, summary
from gluon_finetune.doctor.finding import bad, ok, warn
from gluon_finetune.version import __version__

FINE = {'Software': [ok('NumPy', '1.26.4')]}
BROKEN = {'Software': [bad('NumPy', '2.1.0', "pip install 'numpy<2'"), ok('Pillow', '11.0')],
        'Machine': [warn('cores', '1 of 2 are usable: the CPU affinity of this process excludes '
                         'the others', 'start it without taskset')]}


def test_the_screen_wraps_and_shows_what_to_do():
    assert screen(BROKEN, width=70) == f'''gluon_finetune {__version__}

Software
 bad  NumPy         2.1.0
                    -> pip install 'numpy<2'
      Pillow        11.0

Machine
warn  cores         1 of 2 are usable: the CPU affinity of this
                    process excludes the others
                    -> start it without taskset

1 broken, 1 could be better.'''


def test_the_screen_is_neither_too_narrow_nor_too_wide():
    sections = {'Files': [ok('weights', 'word ' * 60)]}
    for width, minimum, maximum in [(10, 50, 60), (500, 90, 100)]:
        longest = max(map(len, screen(sections, width).splitlines()))
        assert minimum < longest <= maximum


def test_summary():
    assert summary(FINE) == 'Nothing is broken.' and not broken(FINE)
    assert summary({'Machine': BROKEN['Machine']}) == 'Nothing is broken, 1 could be better.'
    assert not broken({'Machine': BROKEN['Machine']}) and broken(BROKEN)
