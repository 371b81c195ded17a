"""Tokens are found, sent, refused, and never shown."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import traceback
import unittest
from unittest import mock

import grpc

import caviar
from caviar.coordinator_address import CoordinatorAddress
from caviar.token_source import TokenSource
from coordinator import CHECKOUT, Coordinator, CoordinatorTest
from fake_server import FakeServer

HERE = CoordinatorAddress("127.0.0.1:1")
SECRET = "correct-horse-battery-staple"


class TokenTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.own = self.folder / "caviar" / "token"
        self.own.parent.mkdir()
        change = mock.patch.dict(os.environ, XDG_STATE_HOME=folder.name)
        change.start()
        self.addCleanup(change.stop)
        for name in ("CAVIAR_TOKEN_FILE", "CAVIAR_TOKEN"):
            os.environ.pop(name, None)

    def write(self, path, text, mode=0o600):
        path.write_bytes(text)
        path.chmod(mode)

    def token(self, file=None):
        return TokenSource(file, HERE).get()

    def test_a_file_counts_before_the_variable_and_that_before_ones_own(self):
        self.assertIsNone(self.token())
        self.write(self.own, b"of-my-own-coordinator\n")
        self.assertEqual(self.token(), "of-my-own-coordinator")
        os.environ["CAVIAR_TOKEN"] = "of-the-environment"
        self.assertEqual(self.token(), "of-the-environment")
        self.write(self.folder / "named", b"of-the-file-that-is-named\r\nmore\n", mode=0o644)
        self.assertEqual(self.token(self.folder / "named"), "of-the-file-that-is-named")

    def test_ones_own_is_not_used_where_others_can_read_it(self):
        self.write(self.own, b"of-my-own-coordinator\n", mode=0o640)
        self.assertIsNone(self.token())

    def test_it_is_not_sent_to_what_another_user_listens_with(self):
        self.write(self.own, b"of-my-own-coordinator\n")
        source = TokenSource(None, HERE)
        self.assertIsNotNone(source.get())
        with mock.patch("caviar.token_source.where_somebody_else_listens", lambda address: address):
            self.assertIsNone(source.get(), "though it was a moment ago")

    def test_ones_own_goes_to_ones_own_coordinators_only(self):
        self.write(self.own, b"of-my-own-coordinator\n")
        for address, is_own, is_sent in (("localhost:1", False, True), ("10.77.0.1:1", False, False),
                                         ("10.77.0.1:1", True, True), ("127.0.0.1.example.com:1", False, False)):
            sent = TokenSource(None, CoordinatorAddress(address, is_own)).get()
            self.assertEqual(sent, "of-my-own-coordinator" if is_sent else None, address)
        os.environ["CAVIAR_TOKEN"] = "of-the-environment"
        self.assertEqual(TokenSource(None, CoordinatorAddress("10.77.0.1:1")).get(), "of-the-environment")

    def test_it_is_read_again_and_holds_while_it_cannot_be(self):
        file = self.folder / "named"
        source = TokenSource(file, HERE)
        self.assertIsNone(source.get())
        self.write(file, b"the-first-of-all-tokens")
        with mock.patch("caviar.token_source.time.monotonic", side_effect=range(10, 100, 10)):
            self.assertEqual(source.get(), "the-first-of-all-tokens")
            file.unlink()
            self.assertEqual(source.get(), "the-first-of-all-tokens")
            self.write(file, b"the-second-of-all-tokens")
            self.assertEqual(source.get(), "the-second-of-all-tokens")

    def test_no_error_shows_it(self):
        refusal = (grpc.StatusCode.UNAUTHENTICATED, "no", None)
        # gRPC would quote what it cannot send, and Python what it cannot decode.
        for secret in (SECRET.encode(), SECRET.encode() + b"\xff", SECRET.encode() + b"\x01", b" " + SECRET.encode()):
            self.write(self.folder / "named", secret)
            server = FakeServer(GetServerStatus=[refusal])
            self.addCleanup(server.stop)
            with self.assertRaises(caviar.Unauthenticated) as caught:
                caviar.connect(server.address, token_file=self.folder / "named")
            error = caught.exception
            shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            shown += repr(error) + repr(error.__dict__) + repr(error.__context__)
            self.assertNotIn(SECRET, shown)
            self.assertEqual(server.tokens, [f"Bearer {SECRET}" if secret == SECRET.encode() else None])

    def test_what_is_half_given_is_refused(self):
        for given in ({"tls_ca": "a", "tls_cert": "c"}, {"tls_ca": "a", "tls_key": "k"},
                      {"tls_cert": "c", "tls_key": "k"}):
            with self.assertRaisesRegex(caviar.InvalidArgument, "tls_cert"):
                caviar.connect("127.0.0.1:1", **given)

    def test_a_token_of_the_environment_that_is_none_is_not_sent(self):
        self.write(self.own, b"of-my-own-coordinator\n")
        os.environ["CAVIAR_TOKEN"] = SECRET + "\n"
        server = FakeServer()
        self.addCleanup(server.stop)
        client = caviar.connect(server.address)
        self.addCleanup(client.close)
        self.assertEqual(server.tokens, [None])
        self.assertNotIn(SECRET, repr(client) + repr(vars(client)))


class RefusalTest(CoordinatorTest):
    def connect(self, text):
        file = pathlib.Path(self.coordinator.folder, self._testMethodName)
        file.write_text(text)
        client = caviar.connect(self.coordinator.address, token_file=file)
        self.addCleanup(client.close)
        return client

    def test_a_wrong_token_is_said_with_where_tokens_are(self):
        with self.assertRaisesRegex(caviar.Unauthenticated,
                                    "does not know who calls: .*token_file, \\$CAVIAR_TOKEN_FILE") as caught:
            self.connect(SECRET)
        self.assertEqual(caught.exception.code, "UNAUTHENTICATED")
        self.assertIsInstance(caught.exception, PermissionError)

    def test_what_a_role_does_not_allow_is_denied(self):
        study = self.create()
        self.coordinator.kill()
        self.coordinator.arguments = ("--tokens", self.token_table(f"eve read {SECRET}\n"))
        self.coordinator.start()
        guest = self.connect(SECRET).study(study.name)
        self.assertEqual(guest.trials(), [])
        with self.assertRaisesRegex(caviar.PermissionDenied, "does not let this caller do that") as caught:
            guest.stop()
        self.assertEqual(caught.exception.code, "PERMISSION_DENIED")
        self.assertIsInstance(caught.exception, PermissionError)

    def token_table(self, text):
        file = pathlib.Path(self.coordinator.folder, "tokens")
        file.write_text(text)
        file.chmod(0o600)
        return file


class TlsTest(unittest.TestCase):
    def test_certificates_both_ways(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([CHECKOUT / "deploy" / "make-certificates", f"{folder}/tls"], check=True,
                           stdout=subprocess.DEVNULL)
            pem = lambda name: f"{folder}/tls/{name}.pem"
            coordinator = Coordinator("--tls-cert", pem("server"), "--tls-key", pem("server-key"),
                                      "--tls-client-ca", pem("ca"))
            self.addCleanup(shutil.rmtree, coordinator.folder)
            self.addCleanup(coordinator.kill)
            with caviar.connect(coordinator.address, tls_ca=pem("ca"), tls_cert=pem("client"),
                                tls_key=pem("client-key")) as client:
                self.assertEqual(client.studies(), [])
            for more in ({}, {"tls_ca": pem("ca")}):
                with self.assertRaises(caviar.Unavailable):
                    caviar.connect(coordinator.address, patience=0.0, **more)
            with self.assertRaisesRegex(FileNotFoundError, "nowhere.pem"):
                caviar.connect(coordinator.address, tls_ca=pem("nowhere"))


if __name__ == "__main__":
    unittest.main()
