"""Debian's Chromium for tests of pages, driven by Playwright. No other browser, and none is ever fetched."""

import os
import pathlib
import shutil
import tempfile
import unittest

from playwright.sync_api import sync_playwright

# What one step may take on a busy machine. The whole of a test has a deadline in each of its waits.
STEP_TIMEOUT_MS = 20_000
# Chromium's start, when the machine's page cache holds other things.
START_TIMEOUT_MS = 120_000
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

# In every page before its own scripts: what must not happen, and what must not pile up.
WATCH = """
window.watched = { violations: [], openURLs: 0, openURLsMax: 0, progress: new Set() };
document.addEventListener("securitypolicyviolation", (event) =>
  watched.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
const make = URL.createObjectURL, revoke = URL.revokeObjectURL;
URL.createObjectURL = (blob) => {
  watched.openURLs += 1;
  watched.openURLsMax = Math.max(watched.openURLsMax, watched.openURLs);
  return make.call(URL, blob);
};
URL.revokeObjectURL = (url) => {
  watched.openURLs -= 1;
  revoke.call(URL, url);
};
new MutationObserver((changes) => {
  for (const { target } of changes) if (target.matches(".card progress")) watched.progress.add(target.value);
}).observe(document, { subtree: true, attributeFilter: ["value"] });
"""


def require():
    """Leaves a module's tests out where there is no browser."""
    if not executable():
        raise unittest.SkipTest("there is no Chromium: deploy/bootstrap --for test installs it where it is packaged")


def executable():
    """Where Chromium is, or nothing: Ubuntu's is a script that asks for another kind of package."""
    path = shutil.which("chromium")
    if not path or b"snap" in pathlib.Path(path).read_bytes()[:4096]:
        return None
    return path


def artifacts():
    """Where screenshots go: SACCADE_ARTIFACTS, or a folder that is named at the end."""
    folder = pathlib.Path(os.environ.get("SACCADE_ARTIFACTS") or tempfile.mkdtemp(prefix="saccade-pages."))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Browser:
    """A running Chromium; a context manager."""

    def __enter__(self):
        self.playwright = sync_playwright().start()
        try:
            # Its sandbox does not work for root, which tests in containers are.
            options = ["--no-sandbox"] if os.geteuid() == 0 else []
            self.chromium = self.playwright.chromium.launch(
                executable_path=executable(), args=options, timeout=START_TIMEOUT_MS)
        except BaseException:
            self.playwright.stop()
            raise
        return self

    def __exit__(self, *_):
        self.chromium.close()
        self.playwright.stop()

    def visit(self, url, **options):
        """A page in a profile of its own."""
        return Visit(self.chromium.new_context(**{"viewport": DESKTOP, "accept_downloads": True, **options}), url)


class Visit:
    """A page, and what is noticed on it. `page` is Playwright's; a context manager."""

    def __init__(self, context, url):
        self.context = context
        self.url = url
        context.set_default_timeout(STEP_TIMEOUT_MS)
        context.add_init_script(WATCH)
        # Of scripts; and refused or missing resources by status and path, which browsers report as errors too.
        self.errors = []
        self.responses = []
        self.open_requests = set()
        self.open_requests_max = 0
        self.network = None

    def __enter__(self):
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("request", self._began)
        self.page.on("requestfailed", lambda request: self.open_requests.discard(request))
        self.page.on("response", self._answered)
        # The first page waits for all of a browser that has just been started.
        self.page.goto(self.url, timeout=START_TIMEOUT_MS)
        # The page's own files are asked for all together; what counts is what it asks for then.
        self.page.wait_for_load_state("load")
        self.open_requests_max = 0
        return self

    def __exit__(self, *_):
        self.context.close()

    def _heard(self, message):
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.errors.append(message.text)

    def _began(self, request):
        if request.url.startswith("http"):
            self.open_requests.add(request)
            self.open_requests_max = max(self.open_requests_max, len(self.open_requests))

    def _answered(self, response):
        self.responses.append(response)
        # Not when it has finished: the page hears of that, and may ask for more, before we do.
        self.open_requests.discard(response.request)

    def refused(self):
        """(status, path) of what was not answered well."""
        return [(response.status, response.url.removeprefix(self.url).split("?")[0].lstrip("/"))
                for response in self.responses if response.status >= 400]

    def watched(self, name):
        return self.page.evaluate(f"watched.{name} instanceof Set ? [...watched.{name}] : watched.{name}")

    def drop(self, paths, at=(400, 300)):
        """Drops files and folders as the system does: the browser takes the event for a person's."""
        session = self.context.new_cdp_session(self.page)
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            session.send("Input.dispatchDragEvent", {"type": kind, "x": at[0], "y": at[1], "data": data})
        session.detach()

    def limit_uploads(self, bytes_per_second):
        """To so much; -1 lifts the limit."""
        # Of one session: a limit is lifted by the one that set it.
        if self.network is None:
            self.network = self.context.new_cdp_session(self.page)
            self.network.send("Network.enable")
        self.network.send("Network.emulateNetworkConditions", {
            "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second})
