"""A web server on this machine that can be told to misbehave."""
import http.server
import re
import threading
import time


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.server.site
        site.asked.append(self.headers.get('Range'))
        fault = site.faults.pop(0) if site.faults else None
        if isinstance(fault, int):
            self.send_error(fault)
        elif isinstance(fault, str) and ':' in fault:
            self.redirect(fault)
        elif fault == 'slow head':
            self.trickle(b'HTTP/1.0 200 OK\r\nX-Slow: ' + b'x' * 1000)
        elif self.path.lstrip('/') not in site.files:
            self.send_error(404)
        else:
            self.send(site.files[self.path.lstrip('/')], fault)

    def send(self, content, fault):
        start, site = self.start(), self.server.site
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            told = start + (fault == 'another byte')
            self.send_header('Content-Range', f'bytes {told}-{len(content) - 1}/{len(content)}')
        for name in site.version:
            self.send_header(name, site.version[name])
        if fault != 'no length':
            self.send_header('Content-Length', str(len(content) - start))
        self.end_headers()
        if fault == 'trickle':
            self.trickle(content)
        else:
            end = (start + len(content)) // 2 if fault == 'break' else None
            self.wfile.write(content[start:end])

    def start(self):
        """The byte that the request wants to go on from, 0 if the file is another by now."""
        site, known = self.server.site, self.headers.get('If-Range')
        asked = re.fullmatch(r'bytes=(\d+)-', self.headers.get('Range', ''))
        same = known is None or known in site.version.values()
        return int(asked.group(1)) if asked and same and site.ranges else 0

    def redirect(self, to):
        self.send_response(302)
        self.send_header('Location', to)
        self.end_headers()

    def trickle(self, content):
        try:
            for byte in content:
                self.wfile.write(bytes([byte]))
                time.sleep(0.01)
        except OSError:
            pass   # as it should be: the other side has had enough

    def log_message(self, *args):
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass   # the other side has gone


class Site:
    """Serves `files`, each with the headers `version`; counts in `asked` what ranges are wanted.

    `faults` of the next answers: a status, an address to redirect to, 'break' half way,
    'no length', 'another byte' than was asked for, or byte after byte as a 'trickle' or a
    'slow head'.
    """

    def __init__(self):
        self.server = _Server(('127.0.0.1', 0), _Handler)
        self.server.site = self
        self.url = f'http://127.0.0.1:{self.server.server_port}/'
        self.files, self.faults, self.asked, self.ranges, self.version = {}, [], [], True, {}
        threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.01},
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
