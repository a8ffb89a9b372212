"""The units: what systemd itself says of them."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
UNITS = sorted(HERE.glob("*.service"))


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class UnitsTest(unittest.TestCase):
    def test_verify(self):
        """The programs they start are where a release is, which need not be installed here."""
        with tempfile.TemporaryDirectory() as folder:
            for unit in UNITS:
                copy = pathlib.Path(folder) / unit.name
                copy.write_text(unit.read_text().replace("/opt/saccade/current/bin/", "/bin/true /"))
                done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
                # Of units that it looks at besides it may say what it likes.
                own = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
                self.assertEqual((done.returncode, own), (0, []), unit.name)

    def test_security(self):
        """An exposure below 3.0 of 10."""
        for unit in UNITS:
            done = subprocess.run(
                ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=30", unit],
                capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn(f"exposure level for {unit.name}", done.stdout)


class SettingsTest(unittest.TestCase):
    def test_units(self):
        self.assertEqual([unit.name for unit in UNITS], ["saccade-web.service", "saccade-worker.service"])

    def test_time_to_stop(self):
        """Longer than a drain takes, by the numbers of the sources."""
        sources = HERE.parent.parent / "Sources"

        def seconds(file, pattern):
            found = re.findall(pattern, (sources / file).read_text())
            self.assertEqual(len(found), 1, f"{pattern} in {file}")
            return int(found[0])

        worker = (
            seconds("AppTier/WorkerLimits.swift", r"drainTimeout: Duration = \.seconds\((\d+)\)")
            + 2 * seconds("AppTier/WorkerLimits.swift", r"giveBackTimeout: Duration = \.seconds\((\d+)\)")
            + seconds("AppTier/WorkerLimits.swift", r"farewellTimeout: Duration = \.seconds\((\d+)\)"))
        web = (
            seconds("saccade/WebCommand.swift", r"var drainTimeout = (\d+)")
            + seconds("saccade/WebMaster.swift", r"stopGrace: Duration = \.seconds\((\d+)\)"))
        for role, least in (("worker", worker), ("web", web)):
            (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", (HERE / f"saccade-{role}.service").read_text(), re.M)
            self.assertGreater(int(stop), least, role)


if __name__ == "__main__":
    unittest.main()
