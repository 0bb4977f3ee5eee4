"""Names of classes: what cannot be one, what is the same, what only looks the same."""
import pytest

from gluon_finetune.files.names import look_alikes, name_problem, same_name, same_names, shown

NFC, NFD = 'caf\xe9', 'cafe\u0301'


@pytest.mark.parametrize('name', [
    'hot dog', NFC, NFD, '热狗', 'हिन्दी', '\U0001f469\u200d\U0001f373', '$0-$5', '<b>', '..a', '-x',
    'a ', ' a', 'می\u200cخواهم'])
def test_names_that_can_be_used(name):
    assert name_problem(name) == ''


@pytest.mark.parametrize('name, problem', [
    ('a\t', "has the control character '\\t' in its name"),
    ('a\r', "has the control character '\\r' in its name"),
    ('\x1b[2J', "has the control character '\\x1b' in its name"),
    ('a\x85b', "has the control character '\\x85' in its name"),
    ('caf\udce9', 'has a name that is not valid UTF-8'),
    (' ', 'has a name that is blank'), ('\u3000\u200b', 'has a name that is blank')])
def test_names_that_cannot_be_used(name, problem):
    assert name_problem(name) == problem


def test_two_normal_forms_are_one_name():
    assert NFC != NFD and same_name(NFC) == same_name(NFD) == NFC
    assert same_name('\u1112\u1161\u11ab') == '한'
    assert same_name('ﬁ') != same_name('fi')
    assert same_names(['a', NFC], ['a', NFD]) and not same_names(['a', NFC], [NFD, 'a'])


@pytest.mark.parametrize('other', ['a b ', 'a\xa0b', 'a  b', 'a\u200b b', '\ufeffa b'])
def test_names_that_look_the_same(other):
    assert look_alikes(['c', 'a b', other]) == ('a b', other)
    assert look_alikes(['a b', 'A b', 'ab', NFC, NFD]) is None


@pytest.mark.parametrize('name, text', [
    ('热狗', '热狗'), ('a b', 'a b'), ('a ', "'a '"), ('a\u200b', "'a\\u200b'"),
    ('a\r', "'a\\r'"), ('caf\udce9', "'caf\\udce9'")])
def test_what_cannot_be_seen_is_escaped(name, text):
    assert shown(name) == text
