#!/usr/bin/env python3
"""The rules and the dashboard in deploy/, held against promtool and against what a web process really tells."""

import json
import re
import subprocess
import tempfile
import unittest
import urllib.request

import yaml

from service import CACHE, ROOT, SAMPLES, Service, WebProcess, eventually

PROMTOOL = CACHE / "bin/promtool"
RULES = ROOT / "deploy/prometheus/rules.yml"
STORIES = ROOT / "deploy/prometheus/rules_test.yml"
DASHBOARD = ROOT / "deploy/grafana/saccade.json"
TIMEOUT_S = 60
SELECTOR = re.compile(r"\b((?:saccade|process)_[a-z_]+)(?:\{([^}]*)\})?")
# Put there by whoever scrapes.
TARGET_LABELS = {"job", "instance"}
# Grafana's, as it would replace them.
VARIABLES = {"$__rate_interval": "5m", "$__range": "3h", "$job": ".*", "$instance": ".*", "$datasource": "x"}


def dashboard():
    return json.loads(DASHBOARD.read_text())


def dashboard_expressions():
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            yield panel["title"], expression


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def promtool(*arguments):
    return subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S)


class PrometheusTest(unittest.TestCase):
    def test_the_rules_are_rules(self):
        done = promtool("check", "rules", RULES)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_alert_comes_in_its_story_and_in_no_other(self):
        done = promtool("test", "rules", STORIES)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        stories = STORIES.read_text()
        for rule in rules():
            if "alert" in rule:
                self.assertIn(f'alertname="{rule["alert"]}"', stories, "no story has this alert")

    def test_every_alert_says_what_to_do(self):
        for rule in rules():
            if "alert" in rule:
                self.assertIn(rule["labels"]["severity"], {"critical", "warning", "info"})
                self.assertGreater(len(rule["annotations"]["description"]), 40, rule["alert"])


class GrafanaTest(unittest.TestCase):
    def test_every_expression_of_the_dashboard_is_one(self):
        groups = [{"name": "dashboard", "rules": [
            {"record": f"panel_{index}", "expr": expression}
            for index, (_, expression) in enumerate(dashboard_expressions())]}]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            yaml.safe_dump({"groups": groups}, file)
            file.flush()
            done = promtool("check", "rules", file.name)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_panels_have_ids_of_their_own_do_not_overlap_and_say_what_they_show(self):
        panels = dashboard()["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertTrue(all(x < 24 for x, _ in cells), panel["title"])
            self.assertFalse(taken & cells, panel["title"])
            taken |= cells
            if panel["type"] != "row":
                self.assertTrue(panel["description"], panel["title"])

    def test_it_asks_for_the_source_and_names_none(self):
        for panel in dashboard()["panels"]:
            if panel["type"] != "row":
                self.assertEqual(panel["datasource"]["uid"], "${datasource}")


class NamesTest(unittest.TestCase):
    """What rules and dashboard ask for is what there is."""

    def test_every_metric_and_label_is_told_by_a_web_process(self):
        told = {}
        with Service("--workers", "1") as service, WebProcess(service, "--processes", "2") as web:
            for picture in (SAMPLES / "coffee.png", ROOT / "LICENSE"):
                subprocess.run(
                    ["curl", "--silent", "--form", f"image=@{picture}", web.url + "/"], check=True, timeout=TIMEOUT_S,
                    stdout=subprocess.DEVNULL)
            # One that was too busy for the second that it has is asked again.
            text = eventually(
                lambda: urllib.request.urlopen(web.url + "/metrics", timeout=TIMEOUT_S).read().decode(),
                lambda text: not re.search(r"^saccade_process_up\{.*\} 0$", text, re.MULTILINE))
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels = re.match(r"(\w+)(?:\{(.*)\})?", line).groups()
                told.setdefault(name, set()).update(re.findall(r'(\w+)="', labels or ""))
        asked = list(dashboard_expressions())
        asked += [(rule.get("record") or rule["alert"], rule["expr"]) for rule in rules()]
        asked += [("variables", entry["definition"].replace("$job", ".*")) for entry in
                  dashboard()["templating"]["list"] if entry["type"] == "query"]
        self.assertGreater(len(asked), 30)
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        for title, expression in asked:
            for name in recorded:
                expression = expression.replace(name, "1")
            for name, labels in SELECTOR.findall(expression):
                self.assertIn(name, told, title)
                unknown = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)', labels)) - told[name] - TARGET_LABELS
                self.assertFalse(unknown, f"{title}: {name}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
