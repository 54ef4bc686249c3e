#!/usr/bin/env python3
"""A system that receipts are pushed to.

    receiver.py FOLDER CERTIFICATE KEY [CLIENT_CA]    over TLS, on a free port of 127.0.0.1, until it is ended
    receiver.py FOLDER                                the same without TLS

It writes its port to FOLDER/port. What it does with a POST to /NAME stands in the file FOLDER/NAME, read anew each
time: a status, with header lines behind it if any; "late": 200, after a fiftieth of a second; "hang": nothing comes
back; "endless": 200 and a body without end; "stop": the connection is closed. Without the file it is 200. Each POST
becomes a line of JSON in FOLDER/NAME.log, and its body, as it came, FOLDER/NAME.body."""
import json
import os
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer's body would wait 40 ms for its head to be acknowledged

    def log_message(self, *unused):
        pass

    def keep(self, name, body):
        with open(f"{folder}/{name}.body", "wb") as file:
            file.write(body)
        peer = self.connection.getpeercert() if hasattr(self.connection, "getpeercert") else None
        subject = [part[0][1] for part in peer["subject"]] if peer else None
        line = {"at": time.time(), "path": self.path, "method": self.command, "headers": dict(self.headers.items()),
                "body": body.decode("utf-8", "replace"), "client": subject}
        with open(f"{folder}/{name}.log", "a") as file:
            file.write(json.dumps(line) + "\n")

    def do_POST(self):
        name = self.path.strip("/").split("?")[0].split("/")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            with open(f"{folder}/{name}") as file:
                wanted = file.read().splitlines()
        except FileNotFoundError:
            wanted = ["200"]
        self.keep(name, body)
        getattr(self, "answer_" + wanted[0], self.answer)(wanted)

    do_GET = do_POST

    def answer(self, wanted):
        self.send_response(int(wanted[0]))
        for line in wanted[1:]:
            self.send_header(*line.split(": ", 1))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def answer_late(self, wanted):
        time.sleep(0.02)
        self.answer(["200"])

    def answer_hang(self, wanted):
        time.sleep(600)

    def answer_stop(self, wanted):
        self.close_connection = True
        self.connection.close()

    def answer_endless(self, wanted):
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 40))
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    context = None

    def handle_error(self, *unused):
        pass

    # The handshake belongs to the connection's own thread: one who does not finish it keeps nobody out.
    def finish_request(self, request, client_address):
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)


server = Server(("127.0.0.1", 0), Receiver)
if len(sys.argv) > 2:
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(sys.argv[2], sys.argv[3])
    if len(sys.argv) > 4:
        server.context.load_verify_locations(sys.argv[4])
        server.context.verify_mode = ssl.CERT_OPTIONAL
with open(f"{folder}/port.new", "w") as file:
    file.write(str(server.server_port))
os.rename(f"{folder}/port.new", f"{folder}/port")
server.serve_forever()
