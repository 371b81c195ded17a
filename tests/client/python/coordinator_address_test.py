"""host:port, or a file that a coordinator keeps for this and that is read again once it has moved."""

import os
import pathlib
import tempfile
import unittest
from unittest import mock

import grpc

import caviar
from caviar.coordinator_address import check_coordinator, find_coordinator
from caviar.v1 import study_pb2
from fake_server import FakeServer

STUDY = study_pb2.Study(name="s", objective=study_pb2.Objective(metric="accuracy"))
GONE = (grpc.StatusCode.UNAVAILABLE, "gone", None)


class AddressFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name, "address")
        self.coordinator = f"file:{self.path}"

    def serve(self, **answers):
        server = FakeServer(**answers)
        self.addCleanup(server.stop)
        return server

    def connect(self, address, patience=60.0):
        client = caviar.connect(address, patience)
        self.addCleanup(client.close)
        return client

    def test_an_address_is_host_and_port_or_a_file(self):
        for right in ("head:7461", "127.0.0.1:1", "[::1]:65535", "file:/shared/me/address"):
            check_coordinator(right)
        for wrong in ("head", "head:", ":1", "head:0", "head:65536", "head:x", "file:"):
            with self.assertRaisesRegex(caviar.InvalidArgument, f'^"{wrong}" is not an address; write host:port'):
                caviar.connect(wrong)

    def test_its_first_line_says_where_the_coordinator_is(self):
        self.path.write_bytes(b" head:7461\r\nmore\n")
        self.assertEqual(find_coordinator(self.coordinator).host_and_port, "head:7461")
        for text, error in (("nothing of use\n", 'says "nothing of use", which is no host:port'),
                            ("", f"no coordinator has written its address to {self.path} \\(it is empty\\)")):
            self.path.write_text(text)
            with self.assertRaisesRegex(caviar.Unavailable, error):
                find_coordinator(self.coordinator)
        with self.assertRaisesRegex(caviar.Unavailable, "it is no file"):
            find_coordinator("file:/dev/zero")

    def test_others_could_have_written_a_file_that_is_not_private(self):
        self.assertFalse(find_coordinator("head:7461").is_own)
        self.path.write_text("head:7461")
        for mode, is_own in ((0o600, True), (0o644, True), (0o662, False), (0o620, False)):
            self.path.chmod(mode)
            self.assertEqual(find_coordinator(self.coordinator).is_own, is_own, oct(mode))

    def test_one_that_is_not_there_is_waited_for_with_patience(self):
        with self.assertRaisesRegex(caviar.Unavailable, f"to {self.path} \\(No such file or directory\\); start one"):
            self.connect(self.coordinator, patience=0.02)
        server = self.serve()
        # By the time of the second try it is there.
        with mock.patch("caviar.connection.time.sleep", lambda seconds: self.path.write_text(server.address)):
            self.connect(self.coordinator)

    def test_the_environment_may_name_it(self):
        server = self.serve(GetStudy=[STUDY])
        self.path.write_text(server.address)
        with mock.patch.dict(os.environ, CAVIAR_COORDINATOR=self.coordinator):
            self.connect(None).study("s")
        self.assertEqual([method for method, _ in server.requests], ["GetServerStatus", "GetStudy"])

    def test_it_is_read_again_once_the_coordinator_cannot_be_reached(self):
        old, new = self.serve(GetStudy=[STUDY, GONE]), self.serve(GetStudy=[STUDY])
        self.path.write_text(old.address)
        client = self.connect(self.coordinator)
        self.path.write_text(new.address)
        client.study("s")
        self.assertEqual(new.requests, [], "not before")
        client.study("s")
        self.assertEqual([method for method, _ in new.requests], ["GetStudy"])

    def test_the_coordinator_of_before_may_be_back_before_its_file(self):
        server = self.serve(GetStudy=[GONE, STUDY])
        self.path.write_text(server.address)
        client = self.connect(self.coordinator)
        self.path.unlink()
        self.assertEqual(client.study("s").name, "s")


if __name__ == "__main__":
    unittest.main()
