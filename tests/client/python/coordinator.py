"""A real coordinator on loopback, for tests."""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import caviar

BINARIES = pathlib.Path(os.environ.get("CAVIAR_BINARY_DIRECTORY", "build/release/bin"))
CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
_PR_SET_PDEATHSIG = 1


def die_with_parent():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Coordinator:
    """arguments: further ones of caviar-coordinator."""

    def __init__(self, *arguments):
        self.folder = tempfile.mkdtemp(prefix="caviar-python-")
        self.address = "127.0.0.1:0"
        self.arguments = arguments
        self.start()

    def start(self):
        """On a free port the first time, on the same one again."""
        os.environ["CAVIAR_TOKEN_FILE"] = os.path.join(self.folder, "token")
        with open(os.path.join(self.folder, "log"), "a") as log:
            self._process = subprocess.Popen(
                [BINARIES / "caviar-coordinator", "--listen", self.address, "--data-dir", self.folder,
                 *self.arguments],
                stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=die_with_parent,
                env={**os.environ, "XDG_STATE_HOME": self.folder})
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(pathlib.Path(self.folder, "log").read_text())
        self.address = line.split()[-1]

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def run(self, *arguments):
        """caviar with these arguments; its output."""
        environment = {**os.environ, "CAVIAR_COORDINATOR": self.address, "XDG_STATE_HOME": self.folder}
        return subprocess.run([BINARIES / "caviar", *arguments], env=environment, check=True, text=True,
                              stdout=subprocess.PIPE, timeout=240).stdout


class CoordinatorTest(unittest.TestCase):
    """One coordinator for all tests of a class, each with studies of its own."""

    @classmethod
    def setUpClass(cls):
        cls.coordinator = Coordinator()
        cls.addClassCleanup(shutil.rmtree, cls.coordinator.folder)
        cls.addClassCleanup(cls.coordinator.kill)
        cls.client = caviar.connect(cls.coordinator.address)
        cls.addClassCleanup(cls.client.close)

    def create(self, if_not_exists=False, **more):
        """A small study named after the test; `more` stands beside or instead of what it has."""
        objective = {} if "objectives" in more else {"objective": {"metric": "accuracy", "goal": "maximize"}}
        return self.client.create_study({
            "study": self._testMethodName[-63:].strip("_"), **objective, "trainer": {"external": {}},
            "sampler": {"algorithm": "sobol", "seed": 7},
            "parameters": {"x": {"min": 0.0, "max": 1.0}, "layers": {"min": 1, "max": 4}}, **more}, if_not_exists)
