#!/usr/bin/env python3
"""Stands between HTTP client and server and writes down what passes: witness.py FILE LISTEN=SERVER:PORT...

Each exchange becomes one JSON object a line: port listened at, method, path, status, milliseconds, and the JSON bodies
of POSTs and of refusals; status 0: the server was not there. All else passes as it came; event streams flow through.
"""
import http.client
import http.server
import json
import sys
import threading
import time

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
lock = threading.Lock()


def as_json(body):
    try:
        return json.loads(body)
    except ValueError:
        return f"{len(body)} bytes"


class Witness(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    upstream = None

    def handle_any(self):
        began, body = time.time(), self.body()
        answer = self.forward(body)
        if answer is None:
            self.note(began, body, 0, b"")
            self.close_connection = True
            return
        if "event-stream" in answer.headers.get("Content-Type", ""):
            self.note(began, body, answer.status, b"")
            return self.stream(answer)
        answered = answer.read()
        self.note(began, body, answer.status, answered)
        self.head(answer)
        self.send_header("Content-Length", str(len(answered)))
        self.end_headers()
        self.wfile.write(answered)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def forward(self, body):
        """A connection kept alive may have been closed meanwhile: then a new one is tried, once."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        for _ in range(2):
            kept, self.upstream = self.upstream, None
            upstream = kept or http.client.HTTPConnection(self.server.target, timeout=600)
            try:
                upstream.request(self.command, self.path, body or None, headers)
                answer = upstream.getresponse()
                self.upstream = upstream
                return answer
            except (OSError, http.client.HTTPException):
                upstream.close()
                if not kept:
                    return None
        return None

    def stream(self, answer):
        upstream, self.upstream = self.upstream, None
        self.close_connection = True
        self.head(answer)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while piece := answer.read1(65536):
                self.wfile.write(piece)
                self.wfile.flush()
        except (OSError, http.client.HTTPException):
            pass
        upstream.close()

    def head(self, answer):
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in HOP:
                self.send_header(name, value)

    def note(self, began, body, status, answered):
        line = {"at": round(began, 3), "port": self.server.server_port, "method": self.command, "path": self.path}
        line |= {"status": status, "ms": round((time.time() - began) * 1000)}
        if self.command == "POST":
            line["body"] = as_json(body)
        if status >= 400 or self.command == "POST" and "selections" in self.path:
            line["answer"] = as_json(answered)
        with lock:
            print(json.dumps(line), file=self.server.log, flush=True)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    log = open(sys.argv[1], "a")
    for place in sys.argv[2:]:
        listen, target = place.split("=")
        server = Server(("127.0.0.1", int(listen)), Witness)
        server.target, server.log = target, log
        threading.Thread(target=server.serve_forever).start()


main()
