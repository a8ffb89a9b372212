#!/usr/bin/env python3
"""The pages of docs/ that follow from the code do, and those written by hand name nothing that is not there."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from service import BINARIES, ROOT

sys.path.insert(0, str(ROOT / "docs"))
from generator import bounds, environment, options  # noqa: E402 - found by the line above

#: Of the table in docs/architecture.md: each row's bounds, in its order.
ROWS = {
    "one image": ["WebLimits.imageByteCountMax"],
    "pixels of an image": ["ImageLimits.pixelCountMax"],
    "time / memory to decode it": ["ImageLimits.decodingTimeMax", "ImageLimits.decoderByteCountMax"],
    # The difference of two: see the test.
    "one request, all its files": [],
    "files in a form": ["WebLimits.filesPerFormMax"],
    "head of a request": ["HTTPLimits.headByteCountMax", "HTTPLimits.headerCountMax"],
    "connections / uploads to S3 / waiting answers of a web process": [
        "HTTPLimits.connectionCountMax", "WebLimits.uploadCountMax", "WebLimits.pendingAnswerCountMax"],
    "clients that wait at `/v1/results/` of a web process / for how long": [
        "WebLimits.longPollCountMax", "WebLimits.longPollDurationMax"],
    "connections of one address (IPv6: /64) to a web process": ["HTTPLimits.connectionsPerAddressMax"],
    "how long a connection may wait for its next request": ["HTTPLimits.idleDuration"],
    "how slowly a body may come: on average over 20 s, while it is waited for": ["HTTPLimits.bodyRateMin"],
    "memory of uploads, beyond which what S3 has taken is let go / no request is let in": [
        "WebLimits.replayByteCountMax", "WebLimits.bufferByteCountMax"],
    "how long a client waits for its answer before `202`": ["WebLimits.answerTimeout"],
    # What measures fastest is found in `Classifier`.
    "images that a worker classifies together, of those that wait": [],
    "how often a job is tried / received before it goes to the dead-letter queue": ["Installation.receiveCountMax"],
}
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
GENERATED = {"configuration.md", "limits.md"}


def sources(folder="."):
    return "".join(path.read_text() for path in (ROOT / "Sources" / folder).rglob("*.swift"))


class GeneratedPagesTest(unittest.TestCase):
    def test_they_are_what_the_code_says(self):
        done = subprocess.run(
            [sys.executable, "-B", ROOT / "docs/generate", "--check", "--binaries", BINARIES], capture_output=True, text=True,
            timeout=60)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_every_variable_that_the_sources_read_is_declared_and_no_other(self):
        found, unclear = environment.read(ROOT)
        self.assertEqual(unclear, [], "say in docs/generator/environment.py which variables these are")
        self.assertEqual(set(found) | environment.BY_LIBRARIES, environment.declared())

    def test_a_variable_that_is_not_declared_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "Sources/Some/Some.swift"
            path.parent.mkdir(parents=True)
            path.write_text(
                'let a = environment["SACCADE_NEW"]\nlet b = environment.setting(name + "_URL")\nlet c = getenv("TMPDIR")\n')
            found, unclear = environment.read(folder)
        self.assertEqual(set(found), {"SACCADE_NEW", "TMPDIR"})
        self.assertEqual(unclear, [("Sources/Some/Some.swift", 'name + "_URL"')])

    def test_every_type_of_limits_is_there(self):
        names = set(re.findall(r"^\s*(?:@usableFromInline )?package (?:struct|enum) (\w*Limits)\b", sources(), re.M))
        groups, _ = bounds.read(ROOT)
        self.assertEqual({group.name.split(".")[-1] for group in groups if group.name.endswith("Limits")}, names)
        for group in groups:
            self.assertTrue(group.bounds, group.name)
            members = re.findall(r"^ +(?:@usableFromInline )?package (?:static )?(?:var|let) (\w+)", self.body(group), re.M)
            self.assertEqual([bound.name for bound in group.bounds], members, group.name)

    def body(self, group):
        """The text of a type of limits, by the indentation that the formatter gives it."""
        name = group.name.split(".")[-1]
        text = (ROOT / group.path).read_text()
        found = re.search(rf"^( *)(?:@usableFromInline )?package (?:struct|enum) {name}\b.*?^\1}}", text, re.M | re.S)
        return found.group(0)

    def test_options_that_set_bounds_are_there(self):
        names = options.option_names(BINARIES)
        for bound, option in bounds.OPTIONS.items():
            command, name = option.rsplit(" ", 1)
            self.assertIn(name, names[command], bound)
        groups, others = bounds.read(ROOT)
        known = {f"{g.name}.{b.name}" for g in groups for b in g.bounds} | {b.name for _, b in others}
        self.assertEqual(set(bounds.OPTIONS) - known, set())


class FirstBoundsTest(unittest.TestCase):
    """The table in docs/architecture.md, which is written by hand."""

    def test_its_numbers_are_the_code_s(self):
        groups, others = bounds.read(ROOT)
        values = {f"{g.name}.{b.name}": b.value for g in groups for b in g.bounds} | {b.name: b.value for _, b in others}
        text = (ROOT / "docs/architecture.md").read_text()
        table = text[text.index("| limit | default |") :].split("\n\n")[0].splitlines()[2:]
        rows = {cells[1]: cells[2] for cells in ([cell.strip() for cell in line.split("|")] for line in table)}
        self.assertEqual(set(rows), set(ROWS))
        for name, cell in rows.items():
            for bound in ROWS[name]:
                number = values[bound].replace(" 000 000", " million")
                # A unit stands once: "256 / 768 MiB"; a rate of bytes has one of its own.
                number = {"HTTPLimits.bodyRateMin": "1 KiB"}.get(bound, re.sub(r" (MiB|GiB|KiB)$", "", number))
                self.assertRegex(cell, rf"(^|\D){re.escape(number)}(\D|$)", bound)
        self.assertEqual(values["HTTPLimits.bodyRateMin"], "1 024")
        self.assertIn("maxImage << 20 + 16 << 20", sources("saccade"))
        self.assertIn("max(1, receiveCountMax - 1)", values["WorkerLimits.attemptCountMax"])


class RightsTest(unittest.TestCase):
    """docs/security.md and deploy/kubernetes/README.md say what the roles of deploy/aws/saccade.yaml may do."""

    @staticmethod
    def template(role):
        text = (ROOT / "deploy/aws/saccade.yaml").read_text()
        text = re.search(rf"^  {role}:\n(.*?)^  \w", text, re.M | re.S).group(1)
        return set(re.findall(r"\b(?:s3|sqs|autoscaling):[A-Z]\w+", text.split("Sid: Release")[0]))

    @staticmethod
    def documented(page, role, end):
        text = (ROOT / page).read_text()
        rows = re.search(rf"^\| {role} \| `s3:.*?(?={end})", text, re.M | re.S).group(0)
        found, service = set(), ""
        for row in rows.splitlines():
            for name in re.findall(r"`((?:\w+:)?[A-Z]\w+|\w+:[A-Z]\w+)`", row.split("|")[2]):
                service = name.split(":")[0] if ":" in name else service
                found.add(name if ":" in name else f"{service}:{name}")
        return found

    def test_rights(self):
        web, worker = self.template("WebRole"), self.template("WorkerRole")
        self.assertGreater(len(web), 12)
        self.assertEqual(self.documented("docs/security.md", "web tier", r"^\| worker \|"), web)
        self.assertEqual(self.documented("docs/security.md", "worker", r"\n\n"), worker)
        kubernetes = "deploy/kubernetes/README.md"
        self.assertEqual(self.documented(kubernetes, "`saccade-web`", r"^\| `saccade-worker`"), web)
        in_a_group = {right for right in worker if right.startswith("autoscaling:")}
        self.assertEqual(self.documented(kubernetes, "`saccade-worker`", r"^\| `keda-operator`"), worker - in_a_group)


class HelpTest(unittest.TestCase):
    def test_every_command_has_an_example(self):
        with_examples = {name for name, _ in options.examples(BINARIES)}
        self.assertEqual({name for name, _ in options.commands(BINARIES)}, with_examples)

    def test_examples_stay_on_their_line_in_a_narrow_terminal(self):
        for name, line in options.examples(BINARIES):
            self.assertLessEqual(len("  " + line), 80, name)

    def test_every_option_has_a_sentence_and_its_value_a_name_of_its_kind(self):
        for name, command in options.commands(BINARIES):
            for argument in command.get("arguments", []):
                if not argument["shouldDisplay"]:
                    continue
                self.assertRegex(argument.get("abstract", ""), r"[.)]$", (name, argument["valueName"]))
                if argument["kind"] == "option" and len(argument["preferredName"]["name"]) > 7:
                    # The option's own name says nothing of what is to be given.
                    self.assertNotEqual(argument["valueName"], argument["preferredName"]["name"], name)


class WrittenPagesTest(unittest.TestCase):
    """What is named there in code's letters is in the code."""

    def test_options(self):
        names = options.option_names(BINARIES)
        known = set().union(*names.values()) | {"--help"}
        scripts = "".join(
            path.read_text() for folder in ("deploy", "bench") for path in (ROOT / folder).rglob("*")
            if path.is_file() and path.suffix in ("", ".py") and b"\0" not in path.read_bytes()[:1024])
        for page in PAGES:
            for option in set(re.findall(r"`(?:[\w./-]+ )*(--[a-z][a-z-]+)", page.read_text())):
                if option not in known:
                    self.assertIn(option, scripts, f"{page.name}: {option}")

    def test_types(self):
        code = sources()
        for page in PAGES:
            if page.name in GENERATED:
                continue
            for name in set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][A-Za-z]*)+)(?:\.\w+)?`", page.read_text())):
                if name.startswith("Saccade"):
                    continue
                if re.search(rf"\b(?:struct|enum|class|protocol|extension) {name}\b", code):
                    continue
                # What AWS, Kubernetes, systemd and HTTP call theirs.
                self.assertRegex(
                    name, r"Object|Queue|Message|Bucket|Upload|Attributes|Url|Tags|Visibility|Instance|Lifecycle|Cidr|Dynamic",
                    page.name)

    def test_metrics(self):
        text = sources("WebTier")
        for page in PAGES:
            for name in set(re.findall(r"\bsaccade_[a-z_]+[a-z]\b", page.read_text())):
                self.assertIn(f'"{name.removesuffix("_bucket")}"', text, page.name)

    def test_every_alert_and_no_other_is_explained(self):
        alerts = re.findall(r"^ +- alert: (\w+)$", (ROOT / "deploy/prometheus/rules.yml").read_text(), re.M)
        explained = re.findall(r"`(Saccade[A-Z]\w+)`", (ROOT / "docs/operations.md").read_text())
        self.assertEqual(sorted(explained), sorted(alerts))

    def test_every_problem_code_and_no_other_is_explained(self):
        code = sources()
        known = set(re.findall(r'(?<!Service)\b(?:Problem\(|self\.init\()[^)]*?code: "([a-z][a-z-]*)"', code))
        known |= set(re.findall(r'static let \S+ = Code\(rawValue: "([a-z-]+)"\)', code))
        known |= set(re.findall(r'case \.\w+: "([a-z-]+)"', (ROOT / "Sources/HTTP/MultipartError.swift").read_text()))
        self.assertGreater(len(known), 60)
        errors = re.search(r"^## Errors$(.*?)^## ", (ROOT / "docs/operations.md").read_text(), re.M | re.S).group(1)
        explained = set()
        for row in re.findall(r"^\| [0-9, ]+ \| (.*?) \|", errors, re.M):
            explained |= set(re.findall(r"`([a-z-]+)`", row))
        explained |= set(re.findall(r"^`([a-z-]+)` \(", errors, re.M))
        self.assertEqual(explained, known)

    def test_links_lead_somewhere(self):
        for page in [*PAGES, *ROOT.glob("deploy/**/README.md"), *ROOT.glob("bench/**/README.md")]:
            for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
                if re.match(r"https?://", link):
                    continue
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                self.assertTrue(target.exists(), f"{page.relative_to(ROOT)}: {link}")
                if anchor:
                    titles = re.findall(r"^#+ (.+)$", target.read_text(), re.M)
                    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
                    self.assertIn(anchor, anchors, f"{page.relative_to(ROOT)}: {link}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
