from commands import call

from gluon_finetune import demo


def test_demo_prints_the_outcome(capsys, monkeypatch):
    monkeypatch.setattr(demo, 'run', lambda out, seed: (out, seed))
    monkeypatch.setattr(demo, 'report', str)
    assert call(capsys, 'demo', '--out', 'new', '--seed', '3') == (0, "('new', 3)\n", [])
