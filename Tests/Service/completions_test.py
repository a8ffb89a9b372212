#!/usr/bin/env python3
"""What shells complete command lines by: written by deploy/completions, read by the shells themselves."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from service import BINARIES, ROOT

# As bash calls it: the words, which of them, the line, and where in it; what comes of it is in COMPREPLY.
DRIVER = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
read -r _ _ _ _ function _ < <(complete -p "$1" | sed 's/.*-F/. . . . /')
compopt() { :; }
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
TIMEOUT_S = 30


class CompletionsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        done = subprocess.run(
            [ROOT / "deploy/completions", cls.folder, BINARIES], capture_output=True, text=True, check=True,
            timeout=TIMEOUT_S)
        cls.files = [pathlib.Path(line) for line in done.stdout.splitlines()]

    def complete(self, *words, folder="/"):
        """What bash offers for the last of the words."""
        script = self.folder / "share/bash-completion/completions" / words[0]
        done = subprocess.run(
            ["bash", "--norc", "-c", DRIVER, "bash", script, *words], capture_output=True, text=True, timeout=TIMEOUT_S,
            cwd=folder, env=os.environ | {"LC_ALL": "C.UTF-8"})
        self.assertEqual(done.stderr, "", words)
        return done.stdout.split()

    def test_a_file_for_each_shell_and_command(self):
        self.assertEqual([file.relative_to(self.folder / "share").as_posix() for file in self.files], [
            "bash-completion/completions/saccade", "zsh/site-functions/_saccade", "fish/vendor_completions.d/saccade.fish",
            "bash-completion/completions/saccade-worker", "zsh/site-functions/_saccade-worker",
            "fish/vendor_completions.d/saccade-worker.fish"])

    def check_syntax(self, shell):
        if not shutil.which(shell):
            self.skipTest(f"{shell} is not installed")
        files = [file for file in self.files if f"/{shell}" in str(file.relative_to(self.folder))]
        self.assertEqual(len(files), 2)
        for file in files:
            done = subprocess.run([shell, "-n", file], capture_output=True, text=True, timeout=TIMEOUT_S)
            self.assertEqual((done.returncode, done.stderr), (0, ""), file)

    def test_bash_reads_them(self):
        self.check_syntax("bash")

    def test_zsh_reads_them(self):
        self.check_syntax("zsh")

    def test_fish_reads_them(self):
        self.check_syntax("fish")

    def test_commands(self):
        self.assertEqual(self.complete("saccade", "st"), ["status"])
        self.assertLessEqual({"up", "web", "cloud", "plan", "key"}, set(self.complete("saccade", "")))
        self.assertEqual(self.complete("saccade-worker", "ev"), ["evaluate"])
        self.assertNotIn("decode", self.complete("saccade-worker", ""), "which is hidden")

    def test_options(self):
        self.assertEqual(self.complete("saccade", "up", "--wo"), ["--workers"])
        self.assertEqual(self.complete("saccade", "web", "--tls"), ["--tls-certificate", "--tls-key"])
        self.assertEqual(self.complete("saccade", "up", "--tls"), [])

    def test_values(self):
        self.assertEqual(self.complete("saccade", "web", "--access-log", ""), ["on", "off"])
        self.assertEqual(self.complete("saccade", "up", "--log-level", "e"), ["error"])
        self.assertEqual(self.complete("saccade", "web", "--processes", "a"), ["auto"])
        self.assertEqual(self.complete("saccade-worker", "run", "--precision", "b"), ["bf16"])

    def test_files_and_folders(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("model.xml", "model.bin", "labels.txt", "photo.png", "key.pem"):
                (pathlib.Path(folder) / name).touch()
            (pathlib.Path(folder) / "data").mkdir()

            def complete(*words):
                return set(self.complete(*words, folder=folder))

            self.assertEqual(complete("saccade", "up", "--data", ""), {"data"})
            self.assertEqual(complete("saccade", "up", "--model", ""), {"model.xml", "data"})
            self.assertEqual(complete("saccade-worker", "run", "--labels", ""), {"labels.txt", "data"})
            self.assertEqual(complete("saccade-worker", "run", "--compiled-models", "d"), {"data"})
            self.assertIn("key.pem", complete("saccade", "web", "--tls-key", "k"))
            self.assertIn("photo.png", complete("saccade-worker", "classify", "p"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
