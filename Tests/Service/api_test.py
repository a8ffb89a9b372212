#!/usr/bin/env python3
"""The document of the interface, /openapi.json, held against the sources and against the running service."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.request

import jsonschema
import openapi_spec_validator

from service import ROOT, Service

SOURCES = ROOT / "Sources"
DOCUMENT = SOURCES / "Pages/files/openapi.json"
HERE = pathlib.Path(__file__).resolve().parent
# Different requests on purpose, the same ones each time.
SEED = int(os.environ.get("SACCADE_SEED") or 20)
# For each operation and phase; with two cores and debug binaries it is under a minute in all.
EXAMPLES = 40
TIMEOUT_S = 600


def document():
    return json.loads(DOCUMENT.read_text())


def operations():
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post", "put", "delete"}:
                yield method, path, operation


def texts(pattern, *files):
    return {text for file in files for text in re.findall(pattern, file.read_text())}


def swift_files(*modules):
    return [file for module in modules for file in sorted((SOURCES / module).rglob("*.swift"))]


class DocumentTest(unittest.TestCase):
    def test_it_is_an_openapi_document(self):
        openapi_spec_validator.validate(document())

    def test_its_routes_are_those_of_the_router(self):
        labels = texts(r'case \.\w+: "(/[^"]*)"', SOURCES / "WebTier/Metrics/RouteLabel.swift")
        # What the pages load is nobody else's; a model's routes are counted with and without a version.
        routes = {path.replace("/versions/{version}", "") for path in document()["paths"]}
        self.assertEqual(routes, labels - {"/assets/{version}/{name}"})
        self.assertGreater(len(routes), 12)

    def test_its_codes_are_those_of_the_sources(self):
        codes = texts(r'\bcode: "([a-z0-9-]+)"', *swift_files("HTTP", "WebTier"))
        codes |= texts(r'case \.\w+(?:\([^)]*\))?: "([a-z0-9-]+)"$', SOURCES / "HTTP/MultipartError.swift")
        multipart = (SOURCES / "HTTP/MultipartError.swift").read_text().split("var code")[1].split("isLimit")[0]
        codes |= set(re.findall(r'case \.\w+: "([a-z0-9-]+)"', multipart))
        codes |= texts(r'Code\(rawValue: "([a-z0-9-]+)"\)', SOURCES / "Jobs/ClassificationError.swift")
        # What metrics count under when there are too many codes; and what only Saccade's own processes are told.
        codes -= {"other", "token-missing"}
        self.assertEqual(set(document()["components"]["schemas"]["ProblemCode"]["enum"]), codes)
        self.assertGreater(len(codes), 60)

    def test_every_code_belongs_to_a_status(self):
        schemas = document()["components"]["schemas"]
        told = {code for name, schema in schemas.items() if re.fullmatch(r"Problem\d+|InferenceError\d+", name)
                for code in schema["allOf"][1]["properties"]["code"]["enum"]}
        # 405 is no operation's answer: it says that there is none.
        self.assertEqual(told, set(schemas["ProblemCode"]["enum"]) - {"method-not-allowed"})

    def test_its_examples_are_what_its_schemas_say(self):
        components = {"components": document()["components"]}
        count = 0
        for _, path, operation in operations():
            for response in operation["responses"].values():
                for media in response.get("content", {}).values():
                    if "example" in media:
                        jsonschema.Draft202012Validator(media["schema"] | components).validate(media["example"])
                        count += 1
        self.assertGreater(count, 8)

    def test_operations_have_names_of_their_own_and_say_what_they_do(self):
        ids = [operation["operationId"] for _, _, operation in operations()]
        self.assertEqual(len(set(ids)), len(ids))
        for _, path, operation in operations():
            self.assertTrue(operation["summary"], path)


class ServiceTest(unittest.TestCase):
    """Schemathesis makes requests of the document, good ones and bad ones, and holds the answers against it."""

    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("--workers", "1"))

    def test_the_service_serves_the_document(self):
        with urllib.request.urlopen(self.service.url + "/openapi.json", timeout=10) as response:
            self.assertEqual(json.load(response), document())

    def test_the_service_does_what_the_document_says(self):
        environment = os.environ | {"PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
        print(f"SACCADE_SEED={SEED}", file=sys.stderr)
        done = subprocess.run(
            [pathlib.Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run",
             DOCUMENT, "--url", self.service.url, "--seed", str(SEED), "--max-examples", str(EXAMPLES)],
            cwd=self.service.data, env=environment, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S)
        print("\n".join(line[:300] for line in done.stdout.splitlines() if line.strip()), file=sys.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
