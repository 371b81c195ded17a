"""Whoever listens at a port is known, by asking the kernel or from its tables."""

import os
import socket
import unittest
from unittest import mock

from caviar import listeners


def listen(family):
    listener = socket.socket(family)
    listener.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
    listener.listen()
    return listener


class ListenersTest(unittest.TestCase):
    def assert_known(self):
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                listener = listen(family)
            except OSError:
                continue  # a machine without IPv6
            with listener:
                port = listener.getsockname()[1]
                self.assertEqual(listeners.users_at(port), {os.geteuid()})
            self.assertEqual(listeners.users_at(port), set())

    def test_those_of_a_port(self):
        self.assert_known()

    def test_where_the_kernel_may_not_be_asked(self):
        with mock.patch.object(listeners, "_ask_kernel", side_effect=OSError):
            self.assert_known()

    @unittest.skipIf(os.geteuid(), "needs root")
    def test_those_of_others(self):
        os.seteuid(65_534)
        try:
            listener = listen(socket.AF_INET)
        finally:
            os.seteuid(0)
        with listener:
            self.assertEqual(listeners.users_at(listener.getsockname()[1]), {65_534})

    def test_the_tables_are_not_read_for_each_call(self):
        try:
            socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 4).close()
        except OSError:
            self.skipTest("here the kernel cannot be asked")
        with mock.patch("builtins.open", side_effect=AssertionError):
            self.assertEqual(listeners.users_at(1), set())


if __name__ == "__main__":
    unittest.main()
