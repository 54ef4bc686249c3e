#!/usr/bin/env python3
"""Asks a gateway as a portal does, over kept connections, and checks each answer; nothing is sent twice.

    portal.py open SECONDS MAILBOX FILE LEDGER    opens the newest letters' contents, which are the bytes of FILE
    portal.py mark SECONDS MAILBOX COUNT LEDGER   marks the COUNT oldest letters as read, as unread, again and again
    portal.py watch URL                           asks for URL every 30 ms until it is ended by SIGTERM

DP_READER_URL, DP_CA and DP_CITIZEN_TOKEN tell whom to ask and as whom. The ledger has a line for what was acknowledged:
"opened UUID", "marked UUID VERSION READ". The one line on standard output is JSON with the figures; each fault is a line
on standard error. Exit status 0: every answer was as it should be."""
import http.client
import json
import os
import signal
import ssl
import sys
import threading
import time
from urllib.parse import urlsplit

PAUSE = 0.005  # seconds between two requests of a thread: a portal is not to take the whole machine
TURN = 0.03
THREADS = 4

lock = threading.Lock()
figures = {"requests": 0, "ok": 0, "bad": 0, "broken": 0, "slowest_ms": 0}
ended = threading.Event()


class Caller:
    """One connection. It is opened anew where the server has said that it closes it."""

    def __init__(self, url, headers=None):
        parts = urlsplit(url)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=os.environ["DP_CA"])
            self.connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=60, context=context)
        else:
            self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        self.headers = headers or {}

    def ask(self, method, path, fault_of=None, body=None, headers=None):
        """The body of an answer 200 in which fault_of finds no fault, else None."""
        began = time.monotonic()
        try:
            self.connection.request(method, path, body, {**self.headers, **(headers or {})})
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as broken:
            self.connection.close()
            count("broken", began, f"{method} {path}: {broken!r}")
            return None
        fault = f"status {answer.status}: {content[:500]!r}" if answer.status != 200 else fault_of and fault_of(content)
        count("bad" if fault else "ok", began, fault and f"{method} {path}: {fault}")
        return None if fault else content


def count(what, began, fault):
    with lock:
        figures["requests"] += 1
        figures[what] += 1
        figures["slowest_ms"] = max(figures["slowest_ms"], round((time.monotonic() - began) * 1000))
        if fault:
            print(fault, file=sys.stderr)


class Mailbox(Caller):
    def __init__(self, mailbox):
        super().__init__(os.environ["DP_READER_URL"], {"Authorization": "Bearer " + os.environ["DP_CITIZEN_TOKEN"]})
        self.path = f"/apis/v1/mailboxes/{mailbox}/messages/"

    def ask_json(self, path, fault_of=None, method="GET", **more):
        def fault_of_bytes(content):
            try:
                return fault_of and fault_of(json.loads(content))
            except ValueError:
                return "the body is not JSON"

        content = self.ask(method, self.path + path, fault_of_bytes, **more)
        time.sleep(PAUSE)
        return content and json.loads(content)


def keep(ledger, line):
    with lock:
        ledger.write(line + "\n")


# ---- opening ----

def open_letter(mailbox, letter, bytes_sent, ledger):
    message = mailbox.ask_json(letter, lambda found: found["id"] != letter and "it is another letter")
    if not message:
        return
    document = message["documents"][0]
    path = f"{mailbox.path}{letter}/documents/{document['id']}/files/{document['files'][0]['id']}/content"
    if mailbox.ask("GET", path, lambda found: found != bytes_sent and "it is not the bytes that were sent"):
        keep(ledger, f"opened {letter}")
    time.sleep(PAUSE)


def open_letters(end, name, bytes_sent, seen, ledger):
    mailbox = Mailbox(name)
    while time.monotonic() < end:
        newest = mailbox.ask_json("?size=20", lambda found: len(found["messages"]) != 20 and "there are not 20 letters")
        for letter in newest["messages"] if newest else []:
            with lock:
                fresh = letter["id"] not in seen
                seen.add(letter["id"])
            if fresh and time.monotonic() < end:
                open_letter(mailbox, letter["id"], bytes_sent, ledger)


# ---- marking ----

def fault_of_mark(wanted):
    return lambda found: {name: found[name] for name in wanted} != wanted and f"it was to be {wanted}"


def mark_letters(end, name, letters, ledger):
    mailbox = Mailbox(name)
    while time.monotonic() < end:
        for letter in letters:
            wanted = {"id": letter["id"], "version": letter["version"] + 1, "read": not letter["read"]}
            headers = {"If-Match": f'"{letter["version"]}"', "Content-Type": "application/json"}
            body = json.dumps({"read": wanted["read"]})
            if mailbox.ask_json(letter["id"], fault_of_mark(wanted), "PATCH", body=body, headers=headers):
                letter.update(wanted)
                keep(ledger, f"marked {letter['id']} {letter['version']} {int(letter['read'])}")


# ---- watching ----

def watch(url):
    caller = Caller(url)
    signal.signal(signal.SIGTERM, lambda *unused: ended.set())
    while not ended.is_set():
        caller.ask("GET", urlsplit(url).path)
        ended.wait(TURN)


# ---- the whole ----

def died(thread):
    count("bad", time.monotonic(), f"{thread.thread.name} ended: {thread.exc_value!r}")


def run(seconds, work, *arguments):
    """Each thread gets its own part where an argument is a list."""
    threading.excepthook = died
    end = time.monotonic() + float(seconds)
    parts = [[part[i::THREADS] if isinstance(part, list) else part for part in arguments] for i in range(THREADS)]
    threads = [threading.Thread(target=work, args=(end, *part)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(command, *arguments):
    if command == "watch":
        watch(*arguments)
    elif command == "open":
        seconds, name, file, ledger_file = arguments
        with open(file, "rb") as sent, open(ledger_file, "w") as ledger:
            run(seconds, open_letters, name, sent.read(), set(), ledger)
    elif command == "mark":
        seconds, name, number, ledger_file = arguments
        oldest = Mailbox(name).ask_json(f"?size={number}&sortFields=receivedDateTime:ASC")
        with open(ledger_file, "w") as ledger:
            run(seconds, mark_letters, name, oldest["messages"], ledger)
    print(json.dumps(figures))
    return 0 if figures["ok"] == figures["requests"] > 0 else 1


sys.exit(main(*sys.argv[1:]))
