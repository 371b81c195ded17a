"""Whoever listens at a port is known, by asking the kernel or from its tables, and whom that concerns."""

import os
import socket
import unittest
from unittest import mock

import grpc

from caviar import connection, listeners, loopback


def listen(host):
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.bind((host, 0))
    listener.listen()
    return listener


def number(host):
    return socket.inet_pton(socket.AF_INET6, host if ":" in host else f"::ffff:{host}")


class ListenersTest(unittest.TestCase):
    def assert_known(self):
        for host in ("127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::"):
            try:
                listener = listen(host)
            except OSError:
                continue  # a machine without IPv6
            with listener:
                port = listener.getsockname()[1]
                self.assertEqual(listeners.listeners_at(port), {(number(host), os.geteuid())})
            self.assertEqual(listeners.listeners_at(port), set())

    def test_those_of_a_port(self):
        self.assert_known()

    def test_where_the_kernel_may_not_be_asked(self):
        with mock.patch.object(listeners, "_ask_kernel", side_effect=OSError):
            self.assert_known()

    def test_the_tables_are_not_read_for_each_call(self):
        try:
            socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 4).close()
        except OSError:
            self.skipTest("here the kernel cannot be asked")
        with mock.patch("builtins.open", side_effect=AssertionError):
            self.assertEqual(listeners.listeners_at(1), set())


@unittest.skipIf(os.geteuid(), "needs root")
class OthersTest(unittest.TestCase):
    def assert_found(self, at, host, expected):
        """expected: which hosts are found to lead to another user's listener."""
        os.seteuid(65_534)
        try:
            listener = listen(at)
        except OSError:
            return  # a machine without IPv6
        finally:
            os.seteuid(0)
        with listener:
            port = listener.getsockname()[1]
            text = f"[{at}]:{port}" if ":" in at else f"{at}:{port}"
            for each in host.split():
                found = loopback.where_somebody_else_listens(f"{each}:{port}")
                self.assertEqual(found, text if expected else None, (at, each))

    def test_whoever_comes_to_their_address_is_concerned(self):
        self.assert_found("127.0.0.2", "127.0.0.2 [::ffff:127.0.0.2] [::ffff:7f00:2] ipv4:127.0.0.2 127.2", True)
        self.assert_found("127.0.0.2", "127.0.0.1 [::1] 0.0.0.0 [::] localhost dns:///localhost", False)

    def test_all_addresses_are_anybodys(self):
        self.assert_found("0.0.0.0", "127.0.0.1 127.9.9.9 [::ffff:127.0.0.1] 0.0.0.0 localhost 127.1", True)
        self.assert_found("0.0.0.0", "[::1]", False)
        self.assert_found("::", "127.0.0.1 [::1] [::] 0.0.0.0 localhost", True)

    def test_a_name_may_mean_several(self):
        self.assert_found("127.0.0.1", "localhost 0.0.0.0", True)
        self.assert_found("127.0.0.1", "[::1]", False)
        self.assert_found("::1", "localhost [::]", True)
        self.assert_found("::1", "127.0.0.1", False)

    def test_whoever_has_taken_a_connection_is_concerned_without_listening(self):
        for host in ("127.0.0.1", "::ffff:127.0.0.1", "::1"):
            try:
                listener = listen(host.rpartition("::ffff:")[2])
            except OSError:
                continue  # a machine without IPv6
            port = listener.getsockname()[1]
            with socket.create_connection((host, port)) as connection:
                os.seteuid(65_534)
                try:
                    taken, _ = listener.accept()
                finally:
                    os.seteuid(0)
                with taken:
                    listener.close()
                    text = f"[::1]:{port}" if host == "::1" else f"127.0.0.1:{port}"
                    self.assertEqual(loopback.where_somebody_else_listens(text), text)
                    self.assertIsNone(loopback.where_somebody_else_listens(f"127.0.0.2:{port}"))
                    self.assertIsNone(loopback.where_somebody_else_listens("127.0.0.1:1"))
                self.assertIsNone(loopback.where_somebody_else_listens(text), "it was closed")
                connection.setblocking(True)
                before = os.listdir("/proc/self/fd")
                socket.setdefaulttimeout(5.0)
                try:
                    listeners.peers_at(port)
                finally:
                    socket.setdefaulttimeout(None)
                self.assertTrue(os.get_blocking(connection.fileno()), "it is left as it was")
                self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_they_are_named_to_a_caller_whom_they_do_not_know(self):
        with mock.patch("caviar.connection.where_somebody_else_listens", lambda address: "127.0.0.1:1"):
            self.assertRegex(connection._words_of_ones_own(grpc.StatusCode.UNAUTHENTICATED, "", "127.0.0.1:1"),
                             "another user of this machine runs what listens there$")
            self.assertRegex(connection._words_of_ones_own(grpc.StatusCode.UNAUTHENTICATED, "", "localhost:1"),
                             "another user of this machine runs what listens there, at 127.0.0.1:1$")

    def test_a_name_that_leads_elsewhere_may_mean_any(self):
        for answer in ([(socket.AF_INET, 0, 0, "", ("10.77.0.1", 0))], socket.gaierror()):
            with mock.patch("caviar.loopback.socket.getaddrinfo", side_effect=[answer]):
                self.assert_found("127.0.0.2", "localhost", True)


class LoopbackTest(unittest.TestCase):
    def test_the_forms_that_people_write(self):
        for host in ("127.0.0.1", "127.1", "0.0.0.0", "localhost", "ip6-localhost", "[::1]", "[::]",
                     "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::FFFF:7f01:203]", "[::ffff:0.0.0.0]",
                     "ipv4:127.0.0.1", "ipv6:[::1]", "dns:localhost", "dns:///localhost"):
            self.assertTrue(loopback.is_loopback(f"{host}:7461"), host)
        for host in ("", "10.0.0.1", "128.0.0.1", "::1", "[127.0.0.1]", "[::2]", "[::ffff:10.0.0.1]",
                     "[::ffff:127.0.0.1]:1,[2001:db8::1]", "127.0.0.1:1,10.0.0.1", "127.0.0.1.example.com",
                     "localhost.example.com", "unix:/tmp/localhost", "example.com/localhost"):
            self.assertFalse(loopback.is_loopback(f"{host}:7461"), host)


if __name__ == "__main__":
    unittest.main()
