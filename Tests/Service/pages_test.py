#!/usr/bin/env python3
"""The page at / and what it loads, as a browser asks for them."""

import re
import unittest
import urllib.error
import urllib.request

from service import Service


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service("--workers", "1"))

    def get(self, path, **headers):
        request = urllib.request.Request(self.service.url + path, headers=headers)
        try:
            return urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            return error

    def test_browsers_get_the_page_and_others_the_usage(self):
        page = self.get("/", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
        self.assertEqual(page.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        self.assertEqual(page.headers["Vary"], "Accept")
        usage = self.get("/", Accept="*/*")
        self.assertEqual(usage.headers["Content-Type"], "text/plain; charset=utf-8")
        self.assertIn("curl -F image=", usage.read().decode())

    def test_the_page_is_asked_about_and_what_it_loads_is_kept(self):
        page = self.get("/", Accept="text/html")
        self.assertEqual(page.headers["Cache-Control"], "no-cache")
        again = self.get("/", **{"Accept": "text/html", "If-None-Match": page.headers["ETag"]})
        self.assertEqual((again.status, again.read()), (304, b""))
        paths = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.read().decode())
        self.assertGreaterEqual(len(paths), 2)
        for path in paths:
            file = self.get(path)
            self.assertEqual(file.status, 200, path)
            self.assertEqual(file.headers["Cache-Control"], "public, max-age=31536000, immutable")
            self.assertEqual(file.headers["X-Content-Type-Options"], "nosniff")
            other = self.get(re.sub(r"^/assets/[^/]+/", "/assets/another/", path))
            self.assertEqual((other.status, other.headers["Cache-Control"]), (200, "no-cache"))

    def test_what_is_no_file_is_not_found(self):
        for path in ("/assets/", "/assets/x", "/assets/x/", "/assets/x/none.js", "/assets/x/../app.js", "/assets/x/y/app.js"):
            self.assertEqual(self.get(path).status, 404, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
