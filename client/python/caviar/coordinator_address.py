"""Where a coordinator is, as people write it: host:port, or file:PATH, a file that a coordinator keeps for this
(--address-file) and that says something else once it has moved."""

import os
import re
import stat
from typing import NamedTuple

from caviar.errors import InvalidArgument, Unavailable

_FILE = "file:"
_LONGEST_LINE = 1024  # bytes; a host's name has at most 253


class CoordinatorAddress(NamedTuple):
    host_and_port: str
    # A file says so that belongs to this user, and that nobody else could have written: the coordinator is one of the
    # user's own.
    is_own: bool = False


def is_address_file(coordinator):
    return coordinator.startswith(_FILE)


def check_coordinator(coordinator):
    """InvalidArgument: neither host:port nor file:PATH. Looks at no file."""
    valid = len(coordinator) > len(_FILE) if is_address_file(coordinator) else _is_host_and_port(coordinator)
    if not valid:
        raise InvalidArgument([], f'"{coordinator}" is not an address; write host:port, such as 127.0.0.1:7461, or '
                              "file:PATH, the coordinator's --address-file")


def find_coordinator(coordinator):
    """What it is, or the first line of what the file says now. Unavailable: no coordinator has written there yet, or none
    that can be read; the message names the file and what to do."""
    if not is_address_file(coordinator):
        return CoordinatorAddress(coordinator)
    path = coordinator[len(_FILE):]
    line, why = "", "it is no file"
    try:
        # One that is none may keep its reader waiting.
        if stat.S_ISREG(os.stat(path).st_mode):
            with open(path, "rb") as file:
                line, why = file.readline(_LONGEST_LINE).decode("utf-8", "replace").rstrip("\n"), "it is empty"
                status = os.fstat(file.fileno())
    except OSError as error:
        why = error.strerror
    if not line:
        raise Unavailable(f"no coordinator has written its address to {path} ({why}); start one with "
                          f"caviar-coordinator --address-file {path}, or check the path")
    address = line.strip()
    if not _is_host_and_port(address):
        raise Unavailable(f'{path} says "{address[:100]}", which is no host:port; it is not a coordinator\'s '
                          "--address-file")
    return CoordinatorAddress(address, status.st_uid == os.geteuid() and
                              not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _is_host_and_port(text):
    host, _, port = text.rpartition(":")
    return bool(host) and re.fullmatch("[0-9]{1,5}", port) is not None and 1 <= int(port) <= 65535
