"""A web server on this machine that can be told to misbehave."""
import http.server
import re
import threading

import pytest


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.server.site
        site.asked.append(self.headers.get('Range'))
        fault = site.faults.pop(0) if site.faults else None
        if isinstance(fault, int):
            self.send_error(fault)
        elif self.path.lstrip('/') not in site.files:
            self.send_error(404)
        else:
            self.send(site.files[self.path.lstrip('/')], fault, site.ranges)

    def send(self, content, fault, ranges):
        start = re.fullmatch(r'bytes=(\d+)-', self.headers.get('Range', '')) if ranges else None
        start = int(start.group(1)) if start else 0
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header('Content-Range', f'bytes {start}-{len(content) - 1}/{len(content)}')
        if fault != 'no length':
            self.send_header('Content-Length', str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:(start + len(content)) // 2 if fault == 'break' else None])

    def log_message(self, *args):
        pass


class Site:
    """Serves `files`; `faults` of the next answers: a status, 'break' half way or 'no length'."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        self.server.site = self
        self.url = f'http://127.0.0.1:{self.server.server_port}/'
        self.files, self.faults, self.asked, self.ranges = {}, [], [], True
        threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.01},
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site(monkeypatch):
    """A running `Site`; tries follow one another without waiting."""
    monkeypatch.setattr('gluon_finetune.data.fetch.WAITS', (0, 0, 0))
    monkeypatch.setenv('no_proxy', '*')
    site = Site()
    yield site
    site.close()
