"""`saccade up` for tests that use the service from outside, as people and their programs do."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARIES = pathlib.Path(os.environ.get("SACCADE_BINARIES") or ROOT / ".build/debug")
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "saccade"
SAMPLES = CACHE / "samples"
# 200 photos, one a class, `<wnid>_<label>.JPEG`, on machines that have them.
PHOTOGRAPHS = ROOT.parent / "shared/images"
# A debug build compiles the model before it is up, beside whatever else the machine does.
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 30


class Service:
    """`saccade up` on free ports with a folder of its own; a context manager.

    `options` go to `saccade up`. `url` is the web tier's, without a slash at its end; `data` the data folder. What it has
    written is in `log`, and is shown when the body of the `with` fails.
    """

    def __init__(self, *options):
        self.options = options
        self.log = []

    def __enter__(self):
        self.data = tempfile.mkdtemp(prefix="saccade-service.")
        self.process = subprocess.Popen(
            [BINARIES / "saccade", "up", "--port", "0", "--cloud-port", "0", "--data", self.data, *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.url = None
        self.is_up = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not self.is_up.wait(START_TIMEOUT_S) or not self.url:
            self._stop()
            raise AssertionError("saccade up did not start:\n" + "".join(self.log[-40:]))
        return self

    def __exit__(self, kind, *_):
        self._stop()
        if kind is not None:
            print("".join(self.log[-40:]))

    def _read(self):
        for line in self.process.stdout:
            self.log.append(line)
            found = re.match(r"Saccade is up at (http://\S+)", line)
            if found:
                self.url = found.group(1).rstrip("/")
                self.is_up.set()
        self.is_up.set()

    def _stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(STOP_TIMEOUT_S)
        self.process.stdout.close()
        shutil.rmtree(self.data, ignore_errors=True)
