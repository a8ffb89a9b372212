#!/usr/bin/env python3
"""Several web processes on one port: whichever gets a connection tells the figures of all."""

import http.client
import json
import os
import re
import signal
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

from service import CACHE, SAMPLES, Service, WebProcess, eventually

TIMEOUT_S = 30
PROCESS_COUNT = 3
SAMPLE = re.compile(r"(\w+)\{(.*)\} (\S+)")


def parse(text):
    """(name, labels, value) of every sample; all have labels."""
    samples = []
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            samples.append((name, dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)))
    return samples


def up(samples):
    return {labels["process"]: value for name, labels, value in samples if name == "saccade_process_up"}


class Connection:
    """One that stays, and so with one process."""

    def __init__(self, url):
        address = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def get(self, path):
        """The status, the headers and the text."""
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        return response.status, response.headers, response.read().decode()

    def metrics(self):
        return parse(self.get("/metrics")[2])

    def states(self):
        """Of each process; on a busy machine one may not answer in time at once."""
        replies = [
            eventually(lambda index=index: self.get(f"/admin/state?process={index}"), lambda reply: reply[0] == 200)
            for index in range(PROCESS_COUNT)]
        return [json.loads(text) for _, _, text in replies]


def get(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
        return response.read().decode()


class GroupTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("--workers", "1"))
        cls.web = cls.enterClassContext(WebProcess(cls.service, "--processes", str(PROCESS_COUNT)))

    def test_any_process_tells_the_metrics_of_all(self):
        count = 8
        for _ in range(count):
            subprocess.run(
                ["curl", "--silent", "--fail", "--form", f"image=@{SAMPLES / 'coffee.png'}", self.web.url + "/"],
                check=True, timeout=TIMEOUT_S, stdout=subprocess.DEVNULL)

        def answered(samples):
            return sum(
                value for name, labels, value in samples
                if name == "saccade_images_total" and labels["outcome"] == "answered")

        # Every time on a new connection, with whichever process that comes to.
        for _ in range(8):
            text = eventually(lambda: get(self.web.url + "/metrics"), lambda text: all(up(parse(text)).values()))
            samples = parse(text)
            self.assertEqual(answered(samples), count)
            for name in ("saccade_connections", "process_start_time_seconds", "saccade_answer_seconds_sum"):
                processes = sorted(labels["process"] for other, labels, _ in samples if other == name)
                self.assertEqual(processes, [str(index) for index in range(PROCESS_COUNT)], name)
        done = subprocess.run(
            [CACHE / "bin/promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_any_process_tells_the_state_of_each(self):
        with Connection(self.web.url) as connection:
            states = connection.states()
            self.assertEqual([state["identity"]["index"] for state in states], list(range(PROCESS_COUNT)))
            self.assertEqual({state["identity"]["processes"] for state in states}, {PROCESS_COUNT})
            self.assertEqual(len({state["identity"]["pid"] for state in states}), PROCESS_COUNT)
            for name in (str(PROCESS_COUNT), "-1", "one", ""):
                status, _, text = connection.get(f"/admin/state?process={name}")
                self.assertEqual((status, json.loads(text)["code"]), (404, "no-such-process"), name)

    def test_one_that_is_silent_holds_nobody_up(self):
        with Connection(self.web.url) as connection:
            own = json.loads(connection.get("/admin/state")[2])["identity"]["index"]
            silent = (own + 1) % PROCESS_COUNT
            pid = connection.states()[silent]["identity"]["pid"]
            os.kill(pid, signal.SIGSTOP)
            try:
                others = {str(index): float(index != silent) for index in range(PROCESS_COUNT)}
                samples = eventually(connection.metrics, lambda samples: up(samples) == others)
                told = {name for name, labels, _ in samples if labels["process"] == str(silent)}
                self.assertEqual(told, {"saccade_process_up"})
                status, headers, text = connection.get(f"/admin/state?process={silent}")
                self.assertEqual((status, json.loads(text)["code"]), (503, "process-silent"))
                self.assertIn("Retry-After", headers)
            finally:
                os.kill(pid, signal.SIGCONT)
            eventually(connection.metrics, lambda samples: all(up(samples).values()))

    def test_event_streams_tell_the_sum(self):
        address = urllib.parse.urlsplit(self.web.url)
        upload = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT_S)
        upload.putrequest("POST", "/v1/images")
        upload.putheader("Content-Type", "image/png")
        upload.putheader("Content-Length", "1000000")
        upload.endheaders(b"\x89PNG\r\n\x1a\n")
        try:
            # That all of these come to the process of the upload happens once in half a million times, and passes.
            for _ in range(12):
                with urllib.request.urlopen(self.web.url + "/v1/events", timeout=TIMEOUT_S) as events:
                    data = (json.loads(line[6:]) for line in events if line.startswith(b"data: "))

                    def ask(data=data):
                        # A body that comes at less than 1 KiB/s is given up.
                        upload.send(bytes(2048))
                        return next(data)

                    eventually(ask, lambda state: state["uploads"] == 1)
        finally:
            upload.close()

    def test_the_processes_of_an_upgrade_are_told_of(self):
        with Connection(self.web.url) as connection:
            old = {state["identity"]["pid"] for state in connection.states()}
        self.web.process.send_signal(signal.SIGHUP)

        def pids():
            found = set()
            for index in range(PROCESS_COUNT):
                try:
                    state = json.loads(get(f"{self.web.url}/admin/state?process={index}"))
                except urllib.error.HTTPError as error:
                    # The old one has closed its socket for the others, and the new one is not heard yet.
                    with error:
                        self.assertEqual(error.code, 503)
                except (ConnectionError, urllib.error.URLError):
                    # One that was about to end.
                    pass
                else:
                    found.add(state["identity"]["pid"])
            return found

        eventually(pids, lambda found: len(found) == PROCESS_COUNT and found.isdisjoint(old))
        eventually(lambda: parse(get(self.web.url + "/metrics")), lambda samples: all(up(samples).values()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
