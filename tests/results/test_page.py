import jinja2
import pytest

from gluon_finetune.results import page


@pytest.fixture
def render(monkeypatch, tmp_path):
    """Write a page of a template that is given as text; return its bytes."""
    def render(text, **values):
        monkeypatch.setattr(jinja2, 'PackageLoader',
                            lambda package: jinja2.DictLoader({'one.html': text}))
        page.write_page(tmp_path / 'page.html', 'one.html', **values)
        return (tmp_path / 'page.html').read_bytes()
    return render


def test_everything_is_escaped(render):
    assert render('<p title="{{ x }}">{{ x }}</p>', x='"<b>\'&') == (
        b'<p title="&#34;&lt;b&gt;&#39;&amp;">&#34;&lt;b&gt;&#39;&amp;</p>')


def test_names_that_are_not_utf8(render):
    assert render('{{ x }}', x='caf\udce9 \u70ed \ud800') == (
        'caf\\xe9 \u70ed \\ud800'.encode('utf-8'))


def test_a_value_that_is_missing_is_an_error(render, tmp_path):
    with pytest.raises(jinja2.UndefinedError):
        render('{{ x }}')
    assert list(tmp_path.iterdir()) == []


def test_numbers(render):
    assert render('{{ a|percent }} {{ a|percent(0) }} {{ b|percent }} {{ c|number }}', a=0.8431,
                  b=float('nan'), c=1234567) == '84.3% 84% – 1,234,567'.encode()
