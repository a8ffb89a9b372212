#!/usr/bin/env python3
"""The page at / in a browser, at a running service: what people do with it, and what they see.

SACCADE_ARTIFACTS names a folder for screenshots. `page_browser_test.py --picture FILE.jpg` makes the README's picture.
"""

import base64
import csv
import http.client
import io
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import uuid

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import browser
from service import BINARIES, PHOTOGRAPHS, ROOT, SAMPLES, Service, WebProcess

FOUR = [SAMPLES / name for name in ("coffee.png", "chelsea.png", "rocket.jpg", "camera.png")]
LABELS = {"coffee.png": "espresso", "chelsea.png": "tiger cat", "rocket.jpg": "missile", "camera.png": "tripod"}
BURST_COUNT = 300
# For all of a burst, with debug binaries on two busy cores.
BURST_TIMEOUT_MS = 90_000
FILES_PER_FORM = 32
HTTP_TIMEOUT_S = 60

expect.set_options(timeout=browser.STEP_TIMEOUT_MS)


def setUpModule():
    browser.require()
    PageCase.service = unittest.enterModuleContext(Service("--workers", "1"))
    PageCase.browser = unittest.enterModuleContext(browser.Browser())
    PageCase.artifacts = browser.artifacts()


def tearDownModule():
    print(f"screenshots: {PageCase.artifacts}")


def labels(url, files):
    """The label of each file as the service tells it without a page: {name: (label, second label)}."""
    found = {}
    address = urllib.parse.urlsplit(url)
    for start in range(0, len(files), FILES_PER_FORM):
        some = files[start:start + FILES_PER_FORM]
        boundary = uuid.uuid4().hex
        body = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{file.name}"\r\n'
            f"Content-Type: image/jpeg\r\n\r\n".encode() + file.read_bytes() + b"\r\n" for file in some)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=HTTP_TIMEOUT_S)
        connection.request("POST", "/v1/images", body + f"--{boundary}--\r\n".encode(),
                           {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        answers = json.loads(connection.getresponse().read())
        connection.close()
        for file, answer in zip(some, answers if isinstance(answers, list) else [answers], strict=True):
            found[file.name] = (answer["label"], answer["top"][1]["label"])
    return found


def grey_tiff(width, height):
    """An uncompressed grey image: a header, a directory of tags, one strip."""
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 0), (277, 3, 1),
            (278, 4, height), (279, 4, width * height)]
    begin = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, begin if tag == 273 else value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + bytes(range(256)) * (width * height // 256)


class PageCase(unittest.TestCase):
    """One service and one browser for all tests, a folder for each class of them, and a profile for each visit."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="saccade-page-test.")))

    def visit(self, url=None, **options):
        visit = self.enterContext(self.browser.visit((url or self.service.url) + "/", **options))
        # Before the profile is closed, and whatever else went wrong.
        self.addCleanup(self.assert_nothing_amiss, visit)
        visit.cards = visit.page.locator(".card")
        return visit

    def assert_nothing_amiss(self, visit):
        self.assertEqual(visit.errors, [])
        self.assertEqual(visit.watched("violations"), [])

    def finish(self, visit, timeout=browser.STEP_TIMEOUT_MS):
        # Not `expect`, which describes the whole page again and again while it waits.
        visit.page.locator("body[data-stage=finished]").wait_for(timeout=timeout)

    def labels_on(self, visit):
        """{file: label} of all cards."""
        return dict(visit.page.locator(".card").evaluate_all(
            "cards => cards.map(card => [card.querySelector('.file').textContent, card.querySelector('.label').textContent])"))

    def assert_accessible(self, visit, state):
        violations = Axe().run(visit.page).response["violations"]
        bad = [f"{found['id']}: {found['help']}: {found['nodes'][0]['html']}" for found in violations
               if found["impact"] in ("serious", "critical")]
        self.assertEqual(bad, [], state)

    def broken(self, name="broken.jpg"):
        """Begins like a JPEG and goes on with anything."""
        path = self.folder / name
        path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"no picture at all" * 200)
        return path


class UploadTest(PageCase):
    def test_dropped_files_get_their_labels_bars_and_times(self):
        visit = self.visit()
        visit.drop(FOUR)
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), LABELS)
        coffee = visit.cards.filter(has_text="coffee.png")
        self.assertEqual(coffee.locator(".top li").count(), 5)
        first = coffee.locator(".top li").first
        self.assertRegex(first.inner_text(), r"espresso\s+9\d\.\d%")
        self.assertGreater(float(first.evaluate("bar => bar.style.getPropertyValue('--share')").rstrip("%")), 90)
        times = coffee.locator(".times").inner_text()
        for stage in ("upload", "queue", "fetch", "decode", "classify", "worker"):
            self.assertRegex(times, rf"{stage} [\d.,]+ m?s")
        for picture in visit.page.locator(".picture").all():
            expect(picture).to_have_attribute("data-shown", "")
        self.assertEqual(visit.watched("openURLs"), 0)
        self.assertEqual(visit.page.locator("#count").inner_text(), "4 of 4 images recognised")

    def test_files_of_a_script_are_dropped_too(self):
        """What has no entry of a file system, as other browsers give it."""
        visit = self.visit()
        visit.page.evaluate(
            """files => {
              const transfer = new DataTransfer();
              for (const [name, text] of files) {
                transfer.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name, { type: "image/png" }));
              }
              for (const kind of ["dragenter", "dragover", "drop"]) {
                document.querySelector("main").dispatchEvent(
                  new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
              }
            }""", [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in FOUR[:2]])
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), {file.name: LABELS[file.name] for file in FOUR[:2]})

    def test_a_dropped_folder_is_walked(self):
        visit = self.visit()
        inner = self.folder / "holiday" / "second day"
        inner.mkdir(parents=True)
        shutil.copy(FOUR[0], inner.parent / "cup.png")
        shutil.copy(FOUR[1], inner / "cat.png")
        (inner / "notes.txt").write_text("The cup was red.")
        (inner / ".hidden.jpg").write_bytes(b"nothing")
        visit.drop([inner.parent])
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), {"cup.png": "espresso", "cat.png": "tiger cat"})
        self.assertEqual(visit.page.locator("#notice p").inner_text(), "“notes.txt” is not an image and was left out.")

    def test_a_chosen_folder_tells_where_its_files_are(self):
        visit = self.visit()
        folder = self.folder / "chosen" / "inner"
        folder.mkdir(parents=True)
        shutil.copy(FOUR[0], folder / "cup.png")
        visit.page.set_input_files("#folder", folder.parent)
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), {"chosen/inner/cup.png": "espresso"})

    def test_a_pasted_picture(self):
        visit = self.visit()
        visit.page.evaluate(
            """text => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], "image.png", { type: "image/png" }));
              document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
            }""", base64.b64encode(FOUR[0].read_bytes()).decode())
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), {"image.png": "espresso"})

    def test_a_phone_offers_its_camera(self):
        visit = self.visit(viewport=browser.PHONE, has_touch=True, is_mobile=True)
        with visit.page.expect_file_chooser() as chooser:
            visit.page.get_by_role("button", name="Take a photo").tap()
        self.assertEqual(visit.page.get_attribute("#camera", "capture"), "environment")
        chooser.value.set_files(FOUR[2])
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), {"rocket.jpg": "missile"})
        self.assertFalse(visit.page.get_by_role("button", name="Choose a folder").is_visible())

    def test_three_hundred_at_once(self):
        """Each gets its own label, by few requests at once and with nothing left behind."""
        visit = self.visit()
        sources, files = self.burst()
        visit.drop([self.folder / "burst" / file for file in files])
        visit.page.locator("#cancel").wait_for(state="visible")
        self.assertEqual(visit.cards.count(), BURST_COUNT)
        self.finish(visit, BURST_TIMEOUT_MS)
        visit.page.screenshot(path=self.artifacts / "burst-desktop.png")
        self.assertEqual(visit.page.locator("#count").inner_text(), f"{BURST_COUNT} of {BURST_COUNT} images recognised")
        shown = self.labels_on(visit)
        found = labels(self.service.url, sources)
        expected = {file: found[source] for file, source in files.items()}
        self.assertEqual(shown.keys(), expected.keys())
        # Images that are classified together may be rounded otherwise than alone, which matters where two labels are as likely.
        self.assertEqual({file: label for file, label in shown.items() if label not in expected[file]}, {})
        different = sum(label != expected[file][0] for file, label in shown.items())
        self.assertLessEqual(different, BURST_COUNT // 50)
        # Six connections are all that a browser opens to a host of HTTP/1.1.
        self.assertLessEqual(visit.open_requests_max, 6)
        self.assertLessEqual(visit.page.evaluate("document.querySelectorAll('#images *').length"), 40 * BURST_COUNT)
        self.scroll_through(visit)
        self.assertEqual(visit.page.locator(".picture:not([data-shown])").count(), 0)
        self.assertEqual(visit.watched("openURLs"), 0)
        self.assertLessEqual(visit.watched("openURLsMax"), 2)
        visit.page.get_by_role("button", name="Clear the list").click()
        self.assertEqual(visit.cards.count(), 0)

    def burst(self):
        """200 photos and half of them again, or the samples in turn: the sources, and {file: its source} by their names."""
        folder = self.folder / "burst"
        folder.mkdir()
        sources = sorted(PHOTOGRAPHS.iterdir()) if PHOTOGRAPHS.is_dir() else FOUR
        files = {}
        for number in range(BURST_COUNT):
            source = sources[number % len(sources)]
            name = source.name if number < len(sources) else f"again-{number:03}{source.suffix}"
            shutil.copy(source, folder / name)
            files[name] = source.name
        return sources, files

    def scroll_through(self, visit):
        """Past every card, as a person does: thumbnails are made for those that are near."""
        visit.page.evaluate(
            """async () => {
              for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
                scrollTo(0, top);
                // Once for what is near now, and once more for what was laid out then.
                for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
              }
            }""")
        visit.page.locator(".picture:not([data-shown])").first.wait_for(state="detached")

    def test_the_progress_of_an_upload_is_seen(self):
        visit = self.visit()
        visit.limit_uploads(50_000)
        visit.page.set_input_files("#files", FOUR[0])
        expect(visit.page.locator(".card[data-state=uploading] progress")).to_be_visible()
        self.finish(visit)
        values = visit.watched("progress")
        self.assertGreaterEqual(len([value for value in values if 0 < value < 100]), 3, values)
        self.assertEqual(visit.page.locator(".card progress").get_attribute("aria-label"), "Upload of coffee.png")

    def test_what_waits_can_be_cancelled_and_tried_again(self):
        visit = self.visit()
        visit.limit_uploads(1_000)
        visit.page.set_input_files("#files", FOUR)
        visit.page.get_by_role("button", name="Cancel the rest").click()
        self.finish(visit)
        self.assertEqual(set(self.labels_on(visit).values()), {"Cancelled"})
        visit.limit_uploads(-1)
        visit.page.get_by_role("button", name="Try again", exact=True).click()
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), LABELS)

    def test_answers_that_come_late_are_asked_for(self):
        visit = self.visit()
        status = subprocess.run([BINARIES / "saccade", "status", "--json", "--data", self.service.data],
                                capture_output=True, text=True, timeout=HTTP_TIMEOUT_S, check=True)
        worker = json.loads(status.stdout)["workers"]["each"][0]["pid"]
        os.kill(worker, signal.SIGSTOP)
        try:
            visit.page.set_input_files("#files", FOUR)
            expect(visit.page.locator(".card[data-state=pending]")).to_have_count(4)
        finally:
            os.kill(worker, signal.SIGCONT)
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), LABELS)
        self.assertEqual([response.status for response in visit.responses if response.url.endswith("/v1/images")], [202] * 4)


class ErrorTest(PageCase):
    def test_a_bad_image_is_told_of_in_words_beside_good_ones(self):
        visit = self.visit()
        text = self.folder / "letter.jpg"
        text.write_text("Dear Sir or Madam")
        empty = self.folder / "empty.png"
        empty.touch()
        visit.page.set_input_files("#files", [FOUR[0], self.broken(), text, empty, FOUR[1]])
        self.finish(visit)
        shown = self.labels_on(visit)
        self.assertEqual((shown["coffee.png"], shown["chelsea.png"]), ("espresso", "tiger cat"))
        for name, words in (("broken.jpg", "damaged"), ("letter.jpg", "not an image"), ("empty.png", "is empty")):
            card = visit.cards.filter(has_text=name)
            expect(card).to_have_attribute("data-state", "failed")
            self.assertIn(words, card.locator(".note").inner_text())
            self.assertEqual(card.locator("button").count(), 0, "the same file would fail again")
        self.assertIn("3 failed", visit.page.locator("#figures").inner_text())

    def test_an_image_over_the_limit_is_told_of(self):
        """Also one so large that the service does not wait for its end."""
        with WebProcess(self.service, "--max-image", "1") as web:
            visit = self.visit(web.url)
            for name, mebibytes in (("large.jpg", 3), ("huge.jpg", 90)):
                path = self.folder / name
                path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(mebibytes << 20))
                visit.page.set_input_files("#files", path)
                self.finish(visit)
                expect(visit.cards.filter(has_text=name)).to_contain_text("This image is too large for this service.")

    def test_a_format_that_the_browser_cannot_show(self):
        visit = self.visit()
        path = self.folder / "grey.tiff"
        path.write_bytes(grey_tiff(64, 48))
        visit.page.set_input_files("#files", path)
        self.finish(visit)
        card = visit.cards.filter(has_text="grey.tiff")
        expect(card).to_have_attribute("data-state", "done")
        self.assertEqual(card.locator(".kind").inner_text(), "TIFF")

    def test_names_are_text(self):
        visit = self.visit()
        file = self.folder / "<img src=x onerror=document.title='owned'>&amp;.png"
        shutil.copy(FOUR[0], file)
        visit.page.set_input_files("#files", file)
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), {file.name: "espresso"})
        notes = self.folder / "<b>notes.txt"
        notes.write_text("x")
        visit.drop([notes])
        expect(visit.page.locator("#notice p")).to_have_text("“<b>notes.txt” is not an image and was left out.")
        self.assertEqual(visit.page.locator("#notice b").count(), 0)

    def test_a_full_service_is_asked_again(self):
        with WebProcess(self.service, "--max-uploads", "1") as web:
            visit = self.visit(web.url)
            files = []
            for number in range(10):
                files.append(self.folder / f"full-{number}.png")
                shutil.copy(FOUR[number % 4], files[-1])
            visit.page.set_input_files("#files", files)
            self.finish(visit, BURST_TIMEOUT_MS)
            self.assertEqual(self.labels_on(visit), {file.name: LABELS[FOUR[n % 4].name] for n, file in enumerate(files)})
            self.assertIn((503, "v1/images"), visit.refused())

    def test_a_service_that_went_away_is_waited_for_and_told_of(self):
        """The page stays; the images are sent when the service is back, which is another process at the same port."""
        with WebProcess(self.service) as web:
            visit = self.visit(web.url)
        port = web.url.rsplit(":", 1)[1]
        visit.page.set_input_files("#files", FOUR[:2])
        expect(visit.cards.first).to_contain_text("The service cannot be reached.")
        with WebProcess(self.service, "--port", port):
            # Its pauses have grown meanwhile.
            self.finish(visit, BURST_TIMEOUT_MS)
            self.assertEqual(self.labels_on(visit), {file.name: LABELS[file.name] for file in FOUR[:2]})

    def test_more_than_the_page_holds_is_refused_in_words(self):
        visit = self.visit()
        many = self.folder / "many"
        many.mkdir()
        for number in range(1003):
            # No image, so that the service is spared.
            (many / f"{number}.jpg").write_bytes(b"text")
        visit.drop([many])
        visit.page.locator("#notice").wait_for()
        self.assertIn("3 images were left out: this page holds 1,000 images", visit.page.inner_text("#notice p"))
        self.finish(visit, BURST_TIMEOUT_MS)
        self.assertEqual(visit.cards.count(), 1000)


class KeyTest(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        made = subprocess.run([BINARIES / "saccade", "key", "people", "--rate", "4/s:4"], capture_output=True, text=True,
                              timeout=HTTP_TIMEOUT_S, check=True).stdout
        cls.key = re.search(r"^key:\s+(\S+)", made, re.MULTILINE).group(1)
        keys = cls.folder / "keys"
        keys.write_text(re.search(r"^line:\s+(\S+)", made, re.MULTILINE).group(1) + "\n")
        cls.web = cls.enterClassContext(WebProcess(cls.service, "--api-keys", str(keys)))

    def test_the_key_is_asked_for_once_and_the_images_wait(self):
        visit = self.visit(self.web.url)
        page = visit.page
        dialog = page.get_by_role("dialog", name="API key")
        page.set_input_files("#files", FOUR)
        expect(dialog).to_be_visible()
        expect(page.get_by_label("Key", exact=True)).to_be_focused()
        self.assert_accessible(visit, "dialog")
        page.screenshot(path=self.artifacts / "key-desktop.png")
        page.get_by_label("Key", exact=True).fill("two words")
        page.keyboard.press("Enter")
        expect(dialog).to_contain_text("A key has no spaces")
        page.get_by_label("Key", exact=True).fill("saccade_wrong")
        page.keyboard.press("Enter")
        expect(dialog).to_contain_text("The service does not know this key.")
        page.get_by_label("Key", exact=True).fill(self.key)
        page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), LABELS)
        self.assertEqual({status for status, path in visit.refused() if path == "v1/images"} - {429}, {401, 403})
        # Nobody is asked again, and more than the key's rate allows is only slower.
        files = []
        for number in range(12):
            files.append(self.folder / f"rate-{number}.png")
            shutil.copy(FOUR[0], files[-1])
        page.set_input_files("#files", files)
        self.finish(visit, BURST_TIMEOUT_MS)
        self.assertEqual(list(self.labels_on(visit).values()).count("espresso"), 13)
        self.assertIn((429, "v1/images"), visit.refused())
        self.assertFalse(dialog.is_visible())

    def test_the_key_is_kept_for_the_tab_or_the_device_and_forgotten(self):
        visit = self.visit(self.web.url)
        page = visit.page
        self.enter_key(page, on_device=False)
        self.finish(visit)
        self.assertEqual(page.evaluate("[sessionStorage.length, localStorage.length]"), [1, 0])
        page.reload()
        page.set_input_files("#files", FOUR[1])
        self.finish(visit)
        page.get_by_role("button", name="Forget it").click()
        self.assertEqual(page.evaluate("[sessionStorage.length, localStorage.length]"), [0, 0])
        self.enter_key(page, on_device=True)
        self.finish(visit)
        self.assertEqual(page.evaluate("[sessionStorage.length, localStorage.length]"), [0, 1])

    def test_who_has_no_key_now_enters_it_later(self):
        visit = self.visit(self.web.url)
        page = visit.page
        page.set_input_files("#files", FOUR[0])
        page.get_by_role("button", name="Not now").click()
        expect(page.locator("#figures")).to_contain_text("waiting for the API key")
        page.get_by_role("button", name="Enter the key").click()
        page.get_by_label("Key", exact=True).fill(self.key)
        page.get_by_role("button", name="Use this key").click()
        self.finish(visit)
        self.assertEqual(self.labels_on(visit), {"coffee.png": "espresso"})

    def enter_key(self, page, on_device):
        page.set_input_files("#files", FOUR[0])
        page.get_by_label("Key", exact=True).fill(self.key)
        if on_device:
            page.get_by_label("Remember on this device").check()
        page.get_by_role("button", name="Use this key").click()


class ResultsTest(PageCase):
    def test_downloads(self):
        visit = self.visit()
        formula = self.folder / '=HYPERLINK("x"),é.png'
        shutil.copy(FOUR[0], formula)
        visit.page.set_input_files("#files", [*FOUR, formula, self.broken()])
        self.finish(visit)
        text = self.download(visit, "Download CSV").decode("utf-8-sig")
        self.assertEqual(text.count("\r\n"), 7)
        rows = {row["file"]: row for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)}
        self.assertEqual(set(rows), {*LABELS, "'" + formula.name, "broken.jpg"})
        for name, label in LABELS.items():
            self.assertEqual((rows[name]["state"], rows[name]["label"], rows[name]["label_1"]), ("done", label, label))
            self.assertTrue(0 < float(rows[name]["confidence"]) <= 1)
            self.assertGreater(float(rows[name]["total_ms"]), 0)
        self.assertEqual((rows["broken.jpg"]["state"], rows["broken.jpg"]["error_code"]), ("failed", "undecodable-image"))
        answers = {answer["file"]: answer for answer in json.loads(self.download(visit, "Download JSON"))}
        self.assertEqual(set(answers), {*LABELS, formula.name, "broken.jpg"})
        for name, label in LABELS.items():
            self.assertEqual(answers[name]["answer"]["label"], label)
            self.assertEqual(len(answers[name]["answer"]["top"]), 5)
        self.assertEqual(answers["broken.jpg"]["error"]["code"], "undecodable-image")

    def download(self, visit, name):
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name=name).click()
        return pathlib.Path(download.value.path()).read_bytes()

    def test_the_keyboard_alone_will_do(self):
        visit = self.visit()
        with visit.page.expect_file_chooser() as chooser:
            self.tab_to(visit, "Choose images")
            visit.page.keyboard.press("Enter")
        chooser.value.set_files([FOUR[0], self.broken()])
        self.finish(visit)
        with visit.page.expect_download() as download:
            self.tab_to(visit, "Download CSV")
            visit.page.keyboard.press("Space")
        self.assertEqual(download.value.suggested_filename, "saccade.csv")
        self.tab_to(visit, "Clear the list")
        visit.page.keyboard.press("Enter")
        self.assertEqual(visit.cards.count(), 0)
        expect(visit.page.get_by_role("button", name="Choose images")).to_be_focused()

    def tab_to(self, visit, name):
        """Everything on the way has a name, and shows that it has the focus."""
        for _ in range(30):
            visit.page.keyboard.press("Tab")
            focused = visit.page.evaluate(
                """() => {
                  const { activeElement: element } = document;
                  const style = getComputedStyle(element);
                  return [element.textContent.trim(), element.localName, style.outlineStyle, parseFloat(style.outlineWidth)];
                }""")
            if focused[1] == "body":
                continue
            self.assertEqual(focused[2:], ["solid", 3], focused)
            if focused[0] == name:
                return
        self.fail(f"{name} cannot be reached by the tabulator key")

    def test_screen_readers_hear_summaries(self):
        visit = self.visit()
        visit.page.evaluate(
            """() => {
              window.heard = [];
              for (const region of document.querySelectorAll("[role=status], [aria-live]")) {
                new MutationObserver(() => heard.push(region.textContent.trim()))
                  .observe(region, { childList: true, characterData: true, subtree: true });
              }
            }""")
        visit.page.set_input_files("#files", [*FOUR, self.broken()])
        self.finish(visit)
        heard = visit.page.evaluate("heard.filter(Boolean)")
        self.assertLessEqual(len(heard), 3, heard)
        self.assertEqual(heard[-1], "4 of 5 images recognised, 1 failed. Finished.")

    def test_every_state_is_accessible_and_fits(self):
        for scheme in ("light", "dark"):
            visit = self.visit(color_scheme=scheme, reduced_motion="reduce")
            page = visit.page
            # Not that the network is idle: the stream of events goes on.
            expect(page.locator("#live")).not_to_be_empty()
            self.look(visit, f"empty-{scheme}")
            page.set_input_files("#files", FOUR)
            self.finish(visit)
            expect(page.locator(".picture:not([data-shown])")).to_have_count(0)
            self.look(visit, f"results-{scheme}")
            page.set_input_files("#files", [self.broken()])
            visit.drop([self.service.data + "/cloud/credentials"])
            expect(page.locator("#notice")).to_be_visible()
            self.finish(visit)
            self.look(visit, f"errors-{scheme}")
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            light = sum(int(value) for value in re.findall(r"\d+", ground)[:3]) > 3 * 128
            self.assertEqual(light, scheme == "light", ground)

    def look(self, visit, name):
        self.assert_accessible(visit, name)
        for width, height in ((320, 640), (390, 844), (768, 1024), (1280, 800), (3840, 2160)):
            visit.page.set_viewport_size({"width": width, "height": height})
            self.assertLessEqual(visit.page.evaluate("document.documentElement.scrollWidth"), width, name)
            kind = {390: "phone", 1280: "desktop"}.get(width)
            if kind:
                visit.page.screenshot(path=self.artifacts / f"{name}-{kind}.png")
        visit.page.set_viewport_size(browser.DESKTOP)

    def test_the_live_line_where_there_are_events(self):
        visit = self.visit()
        expect(visit.page.locator("#live")).to_have_attribute("data-status", re.compile("open|absent"))
        if visit.page.locator("#live").get_attribute("data-status") == "absent":
            expect(visit.page.locator("#live")).to_be_hidden()
            self.skipTest("this service has no events: nothing is shown")
        expect(visit.page.locator("#live")).to_contain_text("answers/s")


def make_picture(path):
    """The README's: the four sample images on a desktop."""
    with Service("--workers", "1") as service, browser.Browser() as chromium:
        with chromium.visit(service.url + "/", color_scheme="light") as visit:
            # Twice, so that the service is warm in the picture.
            for _ in range(2):
                visit.page.set_input_files("#files", FOUR)
                expect(visit.page.locator("body")).to_have_attribute("data-stage", "finished")
                expect(visit.page.locator(".picture:not([data-shown])")).to_have_count(0)
                if _ == 0:
                    visit.page.get_by_role("button", name="Clear the list").click()
            visit.page.evaluate("document.activeElement.blur()")
            visit.page.screenshot(path=path, type="jpeg", quality=86)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--picture"] and len(sys.argv) == 3:
        make_picture(sys.argv[2])
    else:
        unittest.main(verbosity=2)
