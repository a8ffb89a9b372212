"""`saccade up` on free ports, and images to send to it."""

import http.client
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time
import uuid

from . import photos

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = ROOT / ".build/release/saccade"
SAMPLES = photos.CACHE / "samples"
SUFFIXES = (".jpg", ".jpeg", ".png")
ANSWER_TIMEOUT_S = 120


def images(folder, count):
    """`count` images of a folder, in turn.

    Returns: pairs of file name and bytes."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise SystemExit(f"no images in {folder}")
    return [(path.name, path.read_bytes()) for path in itertools.islice(itertools.cycle(files), count)]


def upload(connection, name, data):
    """Sends an image as a form.

    Returns: status and answer."""
    content_type, body = photos.form(data, boundary=uuid.uuid4().hex, name=name)
    connection.request("POST", "/v1/images", body, {"Content-Type": content_type})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


class Machine:
    """`saccade up` with these options and a folder of its own; a context manager.

    `lines` has what it has written to standard output, each with its moment; after the end all of it."""

    def __init__(self, *options):
        if not BINARY.exists():
            raise SystemExit(f"{BINARY} is not there: make build")
        self.folder = tempfile.TemporaryDirectory()
        self.lines = []
        self.process = subprocess.Popen(
            [BINARY, "up", "--port", "0", "--cloud-port", "0", "--data", self.folder.name, *options],
            stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            found = re.match(r"Saccade is up at http://(\S+)", line)
            if found:
                self.address = found.group(1)
                self.reader = threading.Thread(target=self._read, daemon=True)
                self.reader.start()
                return
        raise SystemExit("saccade up did not start")

    def _read(self):
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.reader.join()
        self.folder.cleanup()

    def connect(self):
        return http.client.HTTPConnection(self.address, timeout=ANSWER_TIMEOUT_S)
