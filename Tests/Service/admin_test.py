#!/usr/bin/env python3
"""The operators' page in a browser: what it shows, dead letters and their redrive, keys, and axe's rules.

SACCADE_ARTIFACTS names a folder for screenshots.
"""

import configparser
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import browser
from service import BINARIES, ROOT, SAMPLES, Service, WebProcess, eventually

TIMEOUT_S = 30
# Receives after which a job is a dead letter, and one more that finds it so.
RECEIVE_COUNT = 6

expect.set_options(timeout=browser.STEP_TIMEOUT_MS)


def setUpModule():
    browser.require()


def upload(service, file, *headers):
    options = [part for header in headers for part in ("--header", header)]
    done = subprocess.run(
        ["curl", "--silent", "--form", f"image=@{file}", *options, service.url + "/v1/images"], check=True, text=True,
        timeout=TIMEOUT_S, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


class Cloud:
    """SQS of a `saccade up`, by curl."""

    def __init__(self, service):
        self.endpoint = re.search(Service.ready, "".join(service.log)).group(1)
        credentials = configparser.ConfigParser()
        credentials.read(f"{service.data}/cloud/credentials")
        profile = credentials["default"]
        self.user = f"{profile['aws_access_key_id']}:{profile['aws_secret_access_key']}"

    def call(self, operation, **document):
        done = subprocess.run(
            ["curl", "--silent", "--fail", "--aws-sigv4", "aws:amz:us-east-1:sqs", "--user", self.user,
             "--header", f"X-Amz-Target: AmazonSQS.{operation}", "--header", "Content-Type: application/x-amz-json-1.0",
             "--data", json.dumps(document), self.endpoint + "/"],
            check=True, text=True, timeout=TIMEOUT_S, stdout=subprocess.PIPE)
        return json.loads(done.stdout or "{}")

    def queue(self, name):
        return self.call("GetQueueUrl", QueueName=f"saccade-{name}")["QueueUrl"]

    def visible_count(self, queue):
        attributes = self.call("GetQueueAttributes", QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])


class AdminPageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("--workers", "1"))
        cls.browser = cls.enterClassContext(browser.Browser())
        cls.artifacts = browser.artifacts()

    def visit(self, url, **options):
        return self.enterContext(self.browser.visit(url + "/admin", **options))

    def picture(self, page, name):
        page.screenshot(path=self.artifacts / f"{name}.png", full_page=True)

    def check_nothing_went_wrong(self, visit):
        self.assertEqual((visit.errors, visit.watched("violations")), ([], []))

    def check_rules(self, page):
        found = Axe().run(page).response["violations"]
        self.assertEqual([(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found], [])

    def state(self):
        return json.load(urllib.request.urlopen(self.service.url + "/admin/state", timeout=TIMEOUT_S))

    def test_it_shows_queue_workers_latencies_problems_and_the_process(self):
        self.assertEqual(upload(self.service, SAMPLES / "coffee.png")["label"], "espresso")
        upload(self.service, ROOT / "LICENSE", "X-Request-Id: a-licence")
        for scheme, viewport in (("light", browser.DESKTOP), ("dark", browser.DESKTOP), ("light", browser.PHONE)):
            with self.subTest(scheme=scheme, viewport=viewport):
                visit = self.visit(self.service.url, color_scheme=scheme, viewport=viewport)
                page = visit.page
                expect(page.get_by_role("status").first).to_contain_text("Process 1, up for")
                expect(page.locator("#tiles")).to_contain_text(re.compile(r"waiting; \d+ with workers"))
                expect(page.locator("#tiles")).to_contain_text("0 of 1")
                workers = page.get_by_role("table", name="On this machine")
                expect(workers.get_by_role("rowheader", name="worker 1")).to_be_visible()
                expect(workers).to_contain_text("idle")
                expect(page.get_by_role("table", name="By their answers")).to_contain_text("efficientnet-lite0")
                problems = page.get_by_role("table", name="The last requests")
                expect(problems).to_contain_text("not-an-image")
                expect(problems).to_contain_text("a-licence")
                expect(page.get_by_role("table", name="Attempts")).to_contain_text("PutObject")
                expect(page.locator("#process-list")).to_contain_text(self.state()["identity"]["node"])
                # A sample of the history comes every five seconds, and the picture says in words what it shows.
                expect(page.get_by_role("img", name="Inference in the last ten minutes: 95 % from")).to_be_visible()
                self.check_rules(page)
                self.picture(page, f"admin-{scheme}-{viewport['width']}")
                self.assertFalse(page.evaluate("document.documentElement.scrollWidth > innerWidth"), "it is too wide")
                self.check_nothing_went_wrong(visit)

    def test_it_can_be_used_by_the_keyboard_and_paused(self):
        page = self.visit(self.service.url).page
        expect(page.get_by_role("status").first).to_contain_text("Process 1")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the figures")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        pause = page.get_by_role("button", name="Pause")
        expect(pause).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_have_text("Paused")
        self.assertEqual(pause.get_attribute("aria-pressed"), "true")
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(3000)
        self.assertEqual(asked, [])
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("Process 1")
        self.assertTrue(asked)

    def test_of_several_processes_on_a_port_any_can_be_looked_at(self):
        with WebProcess(self.service, "--processes", "2") as web:
            page = self.visit(web.url).page
            choice = page.get_by_role("combobox", name="Process")
            nodes = set()
            for name in ("2 of 2", "1 of 2"):
                choice.select_option(name)
                expect(page.get_by_role("status").first).to_contain_text(f"Process {name[0]}, up for")
                expect(page.locator("#process-list")).to_contain_text(f"number {name}")
                nodes.add(page.locator("#process-list code").inner_text())
            self.assertEqual(len(nodes), 2)
            self.check_rules(page)

    def test_dead_letters_are_seen_sent_again_and_done(self):
        cloud = Cloud(self.service)
        requests, dead = cloud.queue("requests"), cloud.queue("dead")
        workers = [worker["pid"] for worker in self.wait_for_workers()]
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
            self.addCleanup(os.kill, pid, signal.SIGCONT)
        # A poll that had begun takes the first; then nobody does.
        deadline = time.monotonic() + TIMEOUT_S
        while cloud.visible_count(requests) == 0:
            self.assertLess(time.monotonic(), deadline)
            cloud.call("SendMessage", QueueUrl=requests, MessageBody="no job")
            time.sleep(0.5)
        # What such a poll has taken would be visible again, in the middle of this.
        cloud.call("PurgeQueue", QueueUrl=requests)
        cloud.call("SendMessage", QueueUrl=requests, MessageBody="no job")
        answer = upload(self.service, SAMPLES / "coffee.png", "Prefer: respond-async")
        for _ in range(RECEIVE_COUNT):
            cloud.call(
                "ReceiveMessage", QueueUrl=requests, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=0)
        self.assertEqual((cloud.visible_count(requests), cloud.visible_count(dead)), (0, 2))

        visit = self.visit(self.service.url)
        page = visit.page
        expect(page.locator("#dead-summary")).to_have_text("2 in the dead-letter queue")
        page.get_by_role("button", name="Look at them").click()
        expect(page.locator("#dead-status")).to_have_text("These are 2.")
        letters = page.get_by_role("table", name="Those that were looked at")
        expect(letters).to_contain_text("It is no job. ")
        expect(letters).to_contain_text(answer["id"])
        expect(letters).to_contain_text("It has no result: ")
        # Looking has hidden neither.
        self.assertEqual(cloud.visible_count(dead), 2)
        self.check_rules(page)
        self.picture(page, "admin-dead-letters")

        page.get_by_role("button", name="Send all again").click()
        dialog = page.get_by_role("dialog", name="Send all dead letters again?")
        # What is easily done by mistake is not the first choice.
        expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        self.check_rules(page)
        self.picture(page, "admin-redrive")
        page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        self.assertEqual(cloud.visible_count(dead), 2)
        page.get_by_role("button", name="Send all again").click()
        dialog.get_by_role("button", name="Send again").click()
        expect(page.locator("#dead-status")).to_contain_text("Redrive completed: 2 of 2 sent again")
        self.assertEqual((cloud.visible_count(requests), cloud.visible_count(dead)), (2, 0))
        self.picture(page, "admin-redriven")

        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        result = json.load(urllib.request.urlopen(
            f"{self.service.url}/v1/results/{answer['id']}?wait=60", timeout=2 * TIMEOUT_S))
        self.assertEqual(result["label"], "espresso")
        self.check_nothing_went_wrong(visit)

    def wait_for_workers(self):
        return eventually(
            lambda: (self.state()["workers"].get("fleet") or {}).get("workers"),
            lambda workers: workers and all("pid" in worker for worker in workers))

    def test_where_there_are_keys_it_asks_for_an_operators(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        keys, lines = {}, []
        for name, options in (("shop", []), ("ops", ["--admin"])):
            made = subprocess.run([BINARIES / "saccade", "key", name, *options], check=True, text=True, stdout=subprocess.PIPE)
            keys[name], line = (part.split(None, 1)[1] for part in made.stdout.splitlines())
            lines.append(line + "\n")
        (folder / "keys").write_text("".join(lines))
        web = self.enterContext(WebProcess(self.service, "--access-log", "off", "--api-keys", str(folder / "keys")))
        visit = self.visit(web.url)
        page = visit.page
        dialog = page.get_by_role("dialog", name="An operator's key")
        expect(dialog).to_contain_text("to operators only")
        self.check_rules(page)
        self.picture(page, "admin-key")
        page.get_by_label("API key").fill(keys["shop"])
        page.keyboard.press("Enter")
        expect(dialog).to_contain_text("It takes an operator's key")
        page.get_by_label("API key").fill(keys["ops"])
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("Process 1")
        # Nobody on this machine supervises workers for this one.
        expect(page.locator("#workers-summary")).to_contain_text("Nobody on this machine supervises workers")
        page.reload()
        expect(page.get_by_role("status").first).to_contain_text("Process 1")
        self.assertEqual(page.evaluate("Object.keys(localStorage)"), [])
        page.get_by_role("button", name="Forget the key").click()
        expect(dialog).to_be_visible()
        self.check_nothing_went_wrong(visit)


if __name__ == "__main__":
    unittest.main(verbosity=2)
