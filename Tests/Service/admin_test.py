#!/usr/bin/env python3
"""The operators' page in Debian's Chromium: what it shows, dead letters and their redrive, keys, and axe's rules."""

import configparser
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from service import BINARIES, ROOT, SAMPLES, Service

CHROMIUM = shutil.which("chromium")
TIMEOUT_S = 30
# Receives after which a job is a dead letter, and one more that finds it so.
RECEIVE_COUNT = 6
# Where to keep pictures of the page, for people who look at them.
PICTURES = os.environ.get("SACCADE_PICTURES")


def upload(service, file, *headers):
    options = [part for header in headers for part in ("--header", header)]
    done = subprocess.run(
        ["curl", "--silent", "--form", f"image=@{file}", *options, service.url + "/v1/images"], check=True, text=True,
        timeout=TIMEOUT_S, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


class Cloud:
    """SQS of a `saccade up`, by curl."""

    def __init__(self, service):
        line = next(line for line in service.log if line.startswith("S3 and SQS: "))
        self.variables = dict(word.split("=", 1) for word in line.split() if "=" in word)
        self.variables["AWS_REGION"] = "us-east-1"
        credentials = configparser.ConfigParser()
        credentials.read(self.variables["AWS_SHARED_CREDENTIALS_FILE"])
        profile = credentials["default"]
        self.user = f"{profile['aws_access_key_id']}:{profile['aws_secret_access_key']}"

    def call(self, operation, **document):
        done = subprocess.run(
            ["curl", "--silent", "--fail", "--aws-sigv4", "aws:amz:us-east-1:sqs", "--user", self.user,
             "--header", f"X-Amz-Target: AmazonSQS.{operation}", "--header", "Content-Type: application/x-amz-json-1.0",
             "--data", json.dumps(document), self.variables["AWS_ENDPOINT_URL"] + "/"],
            check=True, text=True, timeout=TIMEOUT_S, stdout=subprocess.PIPE)
        return json.loads(done.stdout or "{}")

    def queue(self, name):
        return self.call("GetQueueUrl", QueueName=f"saccade-{name}")["QueueUrl"]

    def visible_count(self, queue):
        attributes = self.call("GetQueueAttributes", QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])


@unittest.skipUnless(CHROMIUM, "there is no Chromium")
class AdminPageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("--workers", "1"))
        cls.browser = cls.enterClassContext(sync_playwright()).chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"])
        cls.addClassCleanup(cls.browser.close)

    def open(self, url, **options):
        context = self.browser.new_context(**options)
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_S * 1000)
        expect.set_options(timeout=TIMEOUT_S * 1000)
        self.complaints = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.goto(url)
        return page

    def picture(self, page, name):
        if PICTURES:
            page.screenshot(path=pathlib.Path(PICTURES) / f"{name}.png", full_page=True)

    def check_rules(self, page):
        found = Axe().run(page).response["violations"]
        self.assertEqual([(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found], [])

    def state(self):
        return json.load(urllib.request.urlopen(self.service.url + "/admin/state", timeout=TIMEOUT_S))

    def test_it_shows_queue_workers_latencies_problems_and_the_process(self):
        self.assertEqual(upload(self.service, SAMPLES / "coffee.png")["label"], "espresso")
        upload(self.service, ROOT / "LICENSE", "X-Request-Id: a-licence")
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
            with self.subTest(scheme=scheme, width=width):
                page = self.open(
                    self.service.url + "/admin", color_scheme=scheme, viewport={"width": width, "height": 900})
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
                self.picture(page, f"admin-{scheme}-{width}")
                self.assertFalse(page.evaluate("document.documentElement.scrollWidth > innerWidth"), "it is too wide")
                self.assertEqual(self.complaints, [])

    def test_it_can_be_used_by_the_keyboard_and_paused(self):
        page = self.open(self.service.url + "/admin")
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

    def test_dead_letters_are_seen_sent_again_and_done(self):
        cloud = Cloud(self.service)
        requests, dead = cloud.queue("requests"), cloud.queue("dead")
        workers = [worker["pid"] for worker in self.wait_for_workers()]
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
            self.addCleanup(os.kill, pid, signal.SIGCONT)
        # A poll that had begun takes the first; then nobody does.
        sent = 0
        while cloud.visible_count(requests) == 0:
            cloud.call("SendMessage", QueueUrl=requests, MessageBody="no job")
            sent += 1
            time.sleep(0.5)
        answer = upload(self.service, SAMPLES / "coffee.png", "Prefer: respond-async")
        for _ in range(RECEIVE_COUNT):
            cloud.call(
                "ReceiveMessage", QueueUrl=requests, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=0)
        self.assertEqual((cloud.visible_count(requests), cloud.visible_count(dead)), (0, 2))

        page = self.open(self.service.url + "/admin", viewport={"width": 1280, "height": 900})
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
        self.assertEqual(self.complaints, [])

    def wait_for_workers(self):
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            fleet = self.state()["workers"].get("fleet")
            if fleet and all("pid" in worker for worker in fleet["workers"]):
                return fleet["workers"]
            time.sleep(0.2)
        self.fail("nobody tells of the workers")

    def test_where_there_are_keys_it_asks_for_an_operators(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        keys, lines = {}, []
        for name, options in (("shop", []), ("ops", ["--admin"])):
            made = subprocess.run([BINARIES / "saccade", "key", name, *options], check=True, text=True, stdout=subprocess.PIPE)
            keys[name], line = (part.split(None, 1)[1] for part in made.stdout.splitlines())
            lines.append(line + "\n")
        (folder / "keys").write_text("".join(lines))
        web = subprocess.Popen(
            [BINARIES / "saccade", "web", "--port", "0", "--access-log", "off", "--api-keys", folder / "keys"], text=True,
            stdout=subprocess.PIPE, env=os.environ | Cloud(self.service).variables)
        self.addCleanup(web.stdout.close)
        self.addCleanup(web.wait, TIMEOUT_S)
        self.addCleanup(web.terminate)
        page = self.open(web.stdout.readline().split()[-1] + "/admin")

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
        # The refusals are what the browser complains of, and nothing else is.
        self.assertEqual([text for text in self.complaints if "Failed to load resource" not in text], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
