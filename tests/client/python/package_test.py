"""`pip install ./client/python` gives the module with its messages, offline."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]


class PackageTest(unittest.TestCase):
    def test_pip_installs_it_with_its_messages(self):
        with tempfile.TemporaryDirectory() as folder:
            # A copy, because pip builds where the sources are.
            for name in ("client/python", "proto"):
                shutil.copytree(CHECKOUT / name, pathlib.Path(folder, name),
                                ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation",
                            "--root-user-action=ignore", "--target", f"{folder}/site", f"{folder}/client/python"],
                           check=True)
            script = "import caviar, caviar.client; print(caviar.__file__, caviar.connect.__name__)"
            out = subprocess.run([sys.executable, "-B", "-c", script], env={"PYTHONPATH": f"{folder}/site"}, check=True,
                                 stdout=subprocess.PIPE, text=True, cwd=folder).stdout
            self.assertEqual(out, f"{folder}/site/caviar/__init__.py connect\n")
            self.assertTrue(list(pathlib.Path(folder, "site").glob("caviar_tuning-*.dist-info/LICENSE")))

    def test_its_version_is_the_projects(self):
        project = re.search(r"project\(caviar VERSION ([0-9.]+)", (CHECKOUT / "CMakeLists.txt").read_text()).group(1)
        self.assertIn(f'version = "{project}"\n', (CHECKOUT / "client/python/pyproject.toml").read_text())


if __name__ == "__main__":
    unittest.main()
