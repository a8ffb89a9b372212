#!/usr/bin/env python3
"""The page's modules that need no page, in Chromium, without a service: page_modules.js has the tests."""

import functools
import http.server
import pathlib
import re
import threading
import unittest

import browser
from service import ROOT

HERE = pathlib.Path(__file__).resolve().parent
FOLDERS = {"files": ROOT / "Sources/Pages/files", "tests": HERE}
# What the page can cause: no malformed requests or forms, and none with several files.
STATUSES = ("401", "408", "409", "413", "415", "422", "429", "502", "503")
OTHERS = {
    "too-many-files", "too-many-parts", "part-headers-too-long", "too-many-part-headers", "name-too-long",
    "preamble-too-long", "epilogue-too-long", "head-too-slow", "not-ready",
}
# Those of /v2, which it does not use, and of the operators' page, which has words of its own.
OTHER_ROUTES = re.compile(
    r"inference-|admin-|redrive-|dead-letters-|malformed-(header-length|inference-request|base64)|unsuitable-input"
    r"|no-such-process|process-silent|tensor-size-mismatch|unknown-output|unsupported-parameter|too-many-streams"
    r"|unreadable-answer|unsupported-content-encoding")


class Files(http.server.SimpleHTTPRequestHandler):
    """The files of the page and of these tests, and streams of events for `followEvents`."""

    def do_GET(self):
        if not self.path.startswith("/stream"):
            return super().do_GET()
        if self.headers["X-API-Key"] != "saccade_1":
            return self.send_error(401)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        # The end of the connection is the end of the stream: it is to be asked for again.
        self.wfile.write(b": hello\n\nevent: state\ndata: {}\n\n")

    def translate_path(self, path):
        folder, _, name = path.split("?")[0].lstrip("/").partition("/")
        return str(FOLDERS.get(folder, HERE) / pathlib.PurePath(name).name)

    def log_message(self, *_):
        pass


def setUpModule():
    browser.require()


class ModulesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        server = cls.enterClassContext(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files))
        threading.Thread(target=functools.partial(server.serve_forever, 0.05), daemon=True).start()
        cls.addClassCleanup(server.shutdown)
        chromium = cls.enterClassContext(browser.Browser())
        visit = cls.enterClassContext(chromium.visit(f"http://127.0.0.1:{server.server_port}/files/icon.svg"))
        cls.page = visit.page

    def test_modules(self):
        names = self.page.evaluate("async () => Object.keys((await import('/tests/page_modules.js')).tests)")
        self.assertGreater(len(names), 15)
        for name in names:
            with self.subTest(name):
                failure = self.page.evaluate(
                    """async (name) => {
                      const { tests } = await import("/tests/page_modules.js");
                      try { await tests[name](); return ""; } catch (error) { return String(error.stack); }
                    }""", name)
                self.assertEqual(failure, "")

    def test_every_code_of_the_documents_has_words(self):
        rows = re.findall(r"^\| ([\d, ]+) \| (`[^|]+) \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
        codes = {code for statuses, cell in rows if any(status in STATUSES for status in statuses.split(", "))
                 for code in re.findall(r"`([a-z-]+)`", cell) if not OTHER_ROUTES.match(code)} - OTHERS
        self.assertGreater(len(codes), 15)
        words = self.page.evaluate(
            """async (codes) => {
              const { codeSentence } = await import("/tests/page_modules.js");
              return codes.map(code => [code, codeSentence(code)]);
            }""", sorted(codes))
        self.assertEqual([code for code, sentence in words if sentence == "Something went wrong."], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
