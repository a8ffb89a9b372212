"""`saccade up` for tests that use the service from outside, as people and their programs do."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARIES = pathlib.Path(os.environ.get("SACCADE_BINARIES") or ROOT / ".build/debug")
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "saccade"
SAMPLES = CACHE / "samples"
# 200 photos, one a class, `<wnid>_<label>.JPEG`, on machines that have them.
PHOTOGRAPHS = ROOT.parent / "shared/images"
# Nothing between this machine and itself, for these tests, their curl and their Saccade.
for _name in [name for name in os.environ if name.lower() in {"http_proxy", "https_proxy", "all_proxy"}]:
    del os.environ[_name]
# A debug build compiles the model before it is up, beside whatever else the machine does.
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 30
WAIT_TIMEOUT_S = 30


def eventually(ask, is_wanted):
    """What `ask` answers as soon as that is wanted."""
    deadline = time.monotonic() + WAIT_TIMEOUT_S
    while not is_wanted(answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {WAIT_TIMEOUT_S} s: {answer}")
        time.sleep(0.1)
    return answer


class _Server:
    """A process that serves until the body of its `with` ends. What it has written is in `log`, and is shown when the body
    fails. `url` is the web tier's, without a slash at its end.

    Its line that matches `ready` says that it is up; a line that matches `serving` has the URL.
    """

    def __enter__(self):
        self.log = []
        self.url = None
        self.process = subprocess.Popen(
            [BINARIES / "saccade", *self.arguments], env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.is_up = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not self.is_up.wait(START_TIMEOUT_S) or not self.url:
            self._stop()
            raise AssertionError(f"saccade {self.arguments[0]} did not start:\n" + "".join(self.log[-40:]))
        return self

    def __exit__(self, kind, *_):
        self._stop()
        if kind is not None:
            print("".join(self.log[-40:]))

    def _read(self):
        for line in self.process.stdout:
            self.log.append(line)
            if found := re.match(self.serving, line):
                self.url = found.group(1).rstrip("/")
            if re.search(self.ready, line):
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


class Service(_Server):
    """`saccade up` on free ports with a folder of its own; a context manager.

    `options` go to `saccade up`. `data` is the data folder.
    """

    serving = r"Saccade is up at (http://\S+)"
    # What follows the line above, and tells where S3 and SQS are.
    ready = r"AWS_ENDPOINT_URL=(\S+)"
    environment = None

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.data = tempfile.mkdtemp(prefix="saccade-service.")
        self.arguments = ["up", "--port", "0", "--cloud-port", "0", "--data", self.data, *self.options]
        return super().__enter__()

    def _stop(self):
        super()._stop()
        shutil.rmtree(self.data, ignore_errors=True)


class WebProcess(_Server):
    """One more `saccade web` at the S3 and SQS of a running Service, with `options` of its own; a context manager."""

    serving = ready = r"saccade web: listening at (http://\S+)"

    def __init__(self, service, *options):
        endpoint = re.search(Service.ready, "".join(service.log)).group(1)
        self.environment = os.environ | {
            "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1",
            "AWS_SHARED_CREDENTIALS_FILE": f"{service.data}/cloud/credentials"}
        self.arguments = ["web", "--port", "0", *options]
