"""One finding as plain data; knows no thing that could be wrong."""
import collections

Finding = collections.namedtuple('Finding', 'name value level remedy')
Finding.__doc__ = (
    'What was found of one thing: its name, a line about it, how bad that is, and what to do.')

BAD = 'bad'     # something will not work
WARN = 'warn'   # it will, but not as well as it could
OK = 'ok'


def ok(name, value):
    """A finding that asks for nothing."""
    return Finding(name, value, OK, '')


def warn(name, value, remedy):
    """A finding that need not be in the way."""
    return Finding(name, value, WARN, remedy)


def bad(name, value, remedy):
    """A finding that is in the way."""
    return Finding(name, value, BAD, remedy)
