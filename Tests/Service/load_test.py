#!/usr/bin/env python3
"""`saccade load` as people call it, against the running service."""

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import xml.dom.minidom

from service import BINARIES, PHOTOGRAPHS, SAMPLES, Service

TIMEOUT_S = 90
LABELS = {"coffee.png": "espresso", "rocket.jpg": "missile"}


def load(*options, **more):
    environment = {key: value for key, value in os.environ.items() if key != "SACCADE_API_KEY"}
    return subprocess.run([BINARIES / "saccade", "load", *map(str, options)], capture_output=True, text=True,
                          timeout=TIMEOUT_S, env=environment, **more)


class LoadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("--workers", "1"))
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())

    def load(self, *options):
        return load("--url", self.service.url + "/", *options)

    def test_each_answer_is_printed_as_other_generators_print_it(self):
        done = self.load("--images", SAMPLES, "--print", "--connections", 1)
        self.assertEqual(done.returncode, 0, done.stdout)
        pairs = dict(re.findall(r"^(.+) uploaded!\nClassification result: (.+)$", done.stdout, re.M))
        self.assertEqual(set(pairs), {"coffee.png", "chelsea.png", "rocket.jpg", "camera.png"})
        self.assertEqual(pairs["coffee.png"], "espresso")
        self.assertIn("answered      4 of 4", done.stdout)

    @unittest.skipUnless(PHOTOGRAPHS.is_dir(), f"there is no {PHOTOGRAPHS}")
    def test_labels_are_checked_and_the_picture_is_one(self):
        svg = os.path.join(self.folder, "load.svg")
        done = self.load("--images", PHOTOGRAPHS, "--labels", "--connections", 20, "--json", "--svg", svg)
        self.assertEqual(done.returncode, 0, done.stdout)
        report = json.loads(done.stdout)
        self.assertEqual((report["answered"], report["accuracy"]["checked"]), (200, 200))
        self.assertGreaterEqual(report["accuracy"]["right"], 179)
        self.assertGreaterEqual(report["accuracy"]["rightAmongFive"], 195)
        self.assertLessEqual(report["connectionsOpenMax"], 20)
        percentiles = report["latencyMilliseconds"]["percentiles"]
        self.assertLessEqual(percentiles["p50"], percentiles["p99"])
        self.assertEqual(xml.dom.minidom.parse(svg).documentElement.tagName, "svg")

    def test_files_named_by_their_label_are_checked_in_an_open_loop(self):
        folder = tempfile.mkdtemp(dir=self.folder)
        for name, label in LABELS.items():
            shutil.copy(SAMPLES / name, os.path.join(folder, label.replace(" ", "_") + name[-4:]))
        done = self.load("--images", folder, "--labels", "--rate", 20, "--arrivals", "poisson", "--requests", 6, "--async")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"right +6 of 6 \(100\.0 %\)")

    def test_what_fails_is_counted_by_its_code_and_the_status_is_1(self):
        broken = os.path.join(self.folder, "broken.png")
        with open(broken, "wb") as file:
            file.write((SAMPLES / "coffee.png").read_bytes()[:5000])
        done = self.load("--images", broken, "--requests", 3, "--json")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(json.loads(done.stdout)["failures"], {"422 undecodable-image": 3})
        gone = load("--url", "http://127.0.0.1:1/", "--images", SAMPLES, "--requests", 2)
        self.assertEqual(gone.returncode, 1)
        self.assertIn("2 not connected: connection refused", gone.stdout)

    def test_wrong_usage_is_told_and_the_status_is_2(self):
        for options, message in (
                ((), "Missing expected argument '--images"), (("--images", "/nowhere"), "there is no /nowhere"),
                (("--images", self.folder + "/none"), "there is no"), (("--images", SAMPLES, "--rate", "0"), "--rate is"),
                (("--images", SAMPLES, "--connections", "0"), "--connections is"),
                (("--images", SAMPLES, "--url", "photos"), "is no URL"),
                (("--images", SAMPLES, "--json", "--print"), "--json and --print"),
                (("--images", SAMPLES, "--timeout", "-1"), "--timeout"), (("--images", SAMPLES, "--fun"), "Unknown option"),
                (("--images", SAMPLES, "--arrivals", "poisson"), "--arrivals is for --rate")):
            done = load(*options)
            self.assertEqual((done.returncode, done.stdout), (2, ""), options)
            self.assertIn(message, done.stderr)
        helped = load("--help")
        self.assertEqual(helped.returncode, 0)
        self.assertIn("saccade load --images photos", helped.stdout)

    def test_no_more_connections_than_there_are_descriptors(self):
        done = load("--images", SAMPLES, "--connections", 500, preexec_fn=lambda: _limit_descriptors(256))
        self.assertEqual(done.returncode, 2)
        self.assertIn("which is enough for 192", done.stderr)

    def test_ctrl_c_ends_with_the_report_of_what_was_done(self):
        process = subprocess.Popen(
            [BINARIES / "saccade", "load", "--url", self.service.url + "/", "--images", SAMPLES, "--duration", "600"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        # Its progress, every five seconds, until there are answers.
        line = next(line for line in process.stderr if "p50" in line)
        self.assertRegex(line, r"/s .* in flight .* errors .*p50")
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, 1)
        self.assertRegex(stdout, r"answered +[1-9]\d* of \d+")
        self.assertRegex(stdout, r"interrupted +\d+")

    def test_on_a_terminal_two_lines_stay_in_place(self):
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [BINARIES / "saccade", "load", "--url", self.service.url + "/", "--images", SAMPLES, "--duration", "5"],
            stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        shown, deadline = b"", time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            if select.select([master], [], [], 0.1)[0]:
                try:
                    shown += os.read(master, 65536)
                except OSError:
                    break
        process.communicate(timeout=TIMEOUT_S)
        os.close(master)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"\x1b[2A\r[", shown)
        self.assertRegex(shown.decode(), r"\[#+-*\] \d+ +[\d.]+/s +\d+ in flight")


def _limit_descriptors(count):
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
    # A user who is root may raise it again: not here.
    import ctypes
    CAP_SYS_RESOURCE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 24, 38
    libc = ctypes.CDLL(None)
    libc.prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
