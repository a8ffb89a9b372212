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
