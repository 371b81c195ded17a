"""Adds to the package what protoc makes of the .proto files: caviar/v1/*_pb2.py."""

import pathlib
import shutil
import subprocess

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = pathlib.Path(__file__).resolve().parent


def proto_folder():
    """In a checkout two folders up; in a source distribution right here."""
    for folder in (HERE / "proto", HERE.parent.parent / "proto"):
        if (folder / "caviar" / "v1").is_dir():
            return folder
    raise SystemExit("setup.py: the folder proto is neither here nor at the top of the checkout")


def generate(out):
    protoc = shutil.which("protoc")
    if protoc is None:
        raise SystemExit("setup.py: protoc is missing; on Debian: apt-get install protobuf-compiler")
    folder = proto_folder()
    files = sorted(str(path.relative_to(folder)) for path in folder.glob("caviar/v1/*.proto"))
    subprocess.run([protoc, "-I", ".", f"--python_out={out}", *files], cwd=folder, check=True)


class BuildWithMessages(build_py):
    def run(self):
        super().run()
        out = HERE if getattr(self, "editable_mode", False) else pathlib.Path(self.build_lib)
        generate(out.resolve())


class SourcesWithProto(sdist):
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        for path in proto_folder().glob("caviar/v1/*.proto"):
            copy = pathlib.Path(base_dir, "proto", "caviar", "v1", path.name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


setup(cmdclass={"build_py": BuildWithMessages, "sdist": SourcesWithProto})
