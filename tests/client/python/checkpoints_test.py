"""Checkpoints count by a rename, whole or not at all."""

import os
import pathlib
import tempfile
import unittest
from unittest import mock

import caviar


class CheckpointsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        patch = mock.patch.dict(os.environ, CAVIAR_CHECKPOINT_DIR=folder.name, CAVIAR_LATEST_CHECKPOINT="")
        patch.start()
        self.addCleanup(patch.stop)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_a_file_or_a_folder_appears_when_the_block_is_left(self):
        with caviar.save_checkpoint(3) as path:
            path.write_text("weights")
            self.assertFalse((self.folder / "step-3").exists())
            self.assertEqual(path.parent, self.folder)
        with caviar.save_checkpoint(4) as path:
            path.mkdir()
            (path / "weights").write_text("more")
        self.assertEqual(self.names(), ["step-3", "step-4"])
        self.assertEqual((self.folder / "step-3").read_text(), "weights")
        self.assertEqual((self.folder / "step-4" / "weights").read_text(), "more")

    def test_nothing_is_left_of_a_block_that_raises_or_writes_nothing(self):
        with self.assertRaises(OSError):
            with caviar.save_checkpoint(3) as path:
                path.mkdir()
                (path / "half").write_text("half")
                raise OSError("no space left")
        self.assertEqual(self.names(), [])
        with self.assertRaises(FileNotFoundError):
            with caviar.save_checkpoint(3):
                pass
        self.assertEqual(self.names(), [])

    def test_an_earlier_one_of_the_same_step_is_replaced(self):
        for text in ("old", "new"):
            with caviar.save_checkpoint(3) as path:
                path.mkdir()
                (path / text).write_text(text)
        self.assertEqual([path.name for path in (self.folder / "step-3").iterdir()], ["new"])

    def test_the_latest_one_is_the_workers_to_name(self):
        self.assertIsNone(caviar.latest_checkpoint())
        with mock.patch.dict(os.environ, CAVIAR_LATEST_CHECKPOINT="/checkpoints/step-7"):
            self.assertEqual(caviar.latest_checkpoint(), pathlib.Path("/checkpoints/step-7"))

    def test_outside_of_a_trial_they_go_to_a_folder_here(self):
        here = os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, here)
        with mock.patch.dict(os.environ):
            del os.environ["CAVIAR_CHECKPOINT_DIR"]
            with caviar.save_checkpoint(1) as path:
                path.write_text("x")
        self.assertEqual((self.folder / "checkpoints" / "step-1").read_text(), "x")


if __name__ == "__main__":
    unittest.main()
