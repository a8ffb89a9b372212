"""The processes of a run: the sink, and the fronts that are measured against it."""

import contextlib
import ctypes
import http.client
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from . import accounts, photos

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench/peers"
START_TIMEOUT_S = 30
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


def raise_descriptor_limit(wanted=200_000):
    """As many descriptors as this user may have, for this process and those it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(wanted, hard), hard):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, limit), limit))
            return min(wanted, limit)
    return soft


def end_with_parent():
    """This process ends with the one that started it, however that ends."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that listens on loopback. It ends with this one, however this one ends."""

    def __init__(self, name, command, environment=None, ready=None, address=None):
        self.name = name
        self.address = address
        self.lines = []
        self.process = subprocess.Popen(
            [str(word) for word in command], env=environment, stdout=subprocess.PIPE if ready else subprocess.DEVNULL,
            text=True, preexec_fn=end_with_parent)
        self.pid = self.process.pid
        if ready:
            self._await_line(ready)
        self._await_port()

    def _await_line(self, ready):
        for line in self.process.stdout:
            self.lines.append(line)
            found = re.search(ready, line)
            if found:
                self.address = found.group(1)
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return
        raise SystemExit(f"{self.name} did not start")

    def _await_port(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(self.endpoint, timeout=1).close()
                return
            time.sleep(0.05)
        raise SystemExit(f"{self.name} does not listen")

    @property
    def endpoint(self):
        host, _, port = self.address.rpartition(":")
        return host, int(port)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        ended = self.process.poll()
        if ended is not None:
            message = f"{self.name} has ended by itself: {ended} (below 0: the signal)"
            if kind is None:
                raise SystemExit(message)
            # What has been raised already most likely comes of it.
            print(message, file=sys.stderr)
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_seconds(self):
        return sum(self.user_and_system_seconds())

    def user_and_system_seconds(self):
        return accounts.cpu_seconds(self.pid)

    def memory(self):
        return accounts.memory(self.pid)

    def check(self, expected):
        """Sends one photo and looks at the answer: what is measured must be right first."""
        content_type, body = photos.form(photos.photo(100_000))
        connection = http.client.HTTPConnection(*self.endpoint, timeout=START_TIMEOUT_S)
        connection.request("POST", "/", body, {"Content-Type": content_type})
        response = connection.getresponse()
        answer = response.read().decode().strip()
        connection.close()
        if response.status != 200 or answer != expected:
            raise SystemExit(f"{self.name} answered {response.status} {answer!r} instead of {expected!r}")
        return self


def saccade():
    return ROOT / ".build/release/saccade"


def sink(*options):
    return Server("sink", [saccade(), "cloud", "--sink", "--port", "0", *options], ready=r"http://(\S+)")


def cloud_environment(sink, **more):
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
        "AWS_ENDPOINT_URL": f"http://{sink.address}", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_EC2_METADATA_DISABLED": "true", **more}


def web(sink, *options, environment=None, prefix=()):
    """`saccade web` as it is by default, but for `options` and for the access log, which nginx has not either."""
    return Server(
        "saccade web", [*prefix, saccade(), "web", "--port", "0", "--access-log", "off", *options],
        environment=cloud_environment(sink, **(environment or {})), ready=r"http://(\S+)")


def has_option(command, option):
    """Whether this build knows an option."""
    return f" {option} " in subprocess.run([saccade(), command, "--help"], capture_output=True, text=True).stdout


# By name: the buffer that a body passes through. The first is nginx's default on x86-64; of larger ones the second was
# the cheapest from 100 kB on.
NGINX_BODY_BUFFERS = {"nginx": "16k", "nginx, 256 KiB buffer": "256k"}


@contextlib.contextmanager
def nginx(sink, name="nginx"):
    binary = shutil.which("nginx") or photos.CACHE / "nginx/usr/sbin/nginx"
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        text = (PEERS / "nginx.conf").read_text()
        values = {"PORT": str(port), "SINK": sink.address, "FOLDER": folder, "BODY_BUFFER": NGINX_BODY_BUFFERS[name]}
        for placeholder, value in values.items():
            text = text.replace(f"@{placeholder}@", value)
        settings = pathlib.Path(folder) / "nginx.conf"
        settings.write_text(text)
        command = [binary, "-p", folder, "-c", settings, "-e", "stderr"]
        with Server(name, command, address=f"127.0.0.1:{port}") as server:
            yield server.check("")


@contextlib.contextmanager
def fastapi(sink):
    port = free_port()
    command = [photos.CACHE / "bench-venv/bin/uvicorn", "fastapi_service:app", "--app-dir", PEERS, "--port", str(port),
               "--log-level", "warning", "--no-access-log"]
    environment = cloud_environment(sink, REQUEST_QUEUE="fastapi-requests", PYTHONDONTWRITEBYTECODE="1")
    with Server("FastAPI", command, environment=environment, address=f"127.0.0.1:{port}") as server:
        yield server.check("tench")


def version(command):
    """The first line that a program says about its version."""
    output = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return (output.stdout + output.stderr).strip().splitlines()[0]


if sys.version_info < (3, 10):
    raise SystemExit("bench/run needs Python 3.10 or newer")
