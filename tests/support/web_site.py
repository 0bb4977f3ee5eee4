"""A local web server with faults on demand."""
import http.server
import re
import threading
import time


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.server.site
        site.asked.append(self.headers.get('Range'))
        site.encodings.append(self.headers.get('Accept-Encoding'))
        fault = site.faults.pop(0) if site.faults else None
        if isinstance(fault, int):
            self.send_error(fault)
        elif isinstance(fault, str) and ':' in fault:
            self.redirect(fault)
        elif fault in ('endless redirect', 'endless error'):
            self.never_end(302 if 'redirect' in fault else 503)
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
        if fault in ('chunked', 'chunked break'):
            self.send_chunks(content, fault)
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
        """Return the byte to resume at, 0 if the file has changed since."""
        site, known = self.server.site, self.headers.get('If-Range')
        asked = re.fullmatch(r'bytes=(\d+)-', self.headers.get('Range', ''))
        same = known is None or known in site.version.values()
        return int(asked.group(1)) if asked and same and site.ranges else 0

    def redirect(self, target):
        self.send_response(302)
        self.send_header('Location', target)
        self.end_headers()

    def send_chunks(self, content, fault):
        self.protocol_version = 'HTTP/1.1'
        self.send_response(200)
        self.send_header('Transfer-Encoding', 'chunked')
        self.send_header('Connection', 'close')
        self.end_headers()
        half = len(content) // 2
        self.wfile.write(b'%x\r\n%s\r\n' % (half, content[:half]))
        if fault == 'chunked':
            rest = content[half:]
            self.wfile.write(b'%x\r\n%s\r\n0\r\n\r\n' % (len(rest), rest))

    def never_end(self, status):
        self.send_response(status)
        self.send_header('Location', self.path)
        self.end_headers()
        end = time.monotonic() + 20
        try:
            while time.monotonic() < end:
                self.wfile.write(bytes(1 << 16))
        except OSError:
            pass   # the client has closed the connection, as it should
        else:
            self.server.site.asked += ['read to the end']

    def trickle(self, content):
        try:
            for byte in content:
                self.wfile.write(bytes([byte]))
                time.sleep(0.01)
        except OSError:
            pass   # the client has closed the connection, as it should

    def log_message(self, *args):
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass   # the client has closed the connection


class Site:
    """Serves `files`, each with the headers `version`; records ranges and encodings of requests.

    `faults` of the next answers: a status, a URL to redirect to, 'break' half way, 'no length',
    'another byte' than was requested, 'chunked', 'chunked break', byte after byte as a 'trickle'
    or a 'slow head', or a body without end in an 'endless redirect' or 'endless error'.
    """

    def __init__(self):
        self.server = _Server(('127.0.0.1', 0), _Handler)
        self.server.site = self
        self.url = f'http://127.0.0.1:{self.server.server_port}/'
        self.files, self.faults, self.version, self.ranges = {}, [], {}, True
        self.asked, self.encodings = [], []
        threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.01},
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
