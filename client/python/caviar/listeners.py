"""Which users listen at a TCP port of this machine, and at which addresses. Those of IPv4 are ::ffff:a.b.c.d."""

import socket
import struct

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY, _DONE, _ERROR = 20, 3, 2  # kinds of messages
_LIST = 0x1 | 0x300  # NLM_F_REQUEST, NLM_F_DUMP
_LISTENS = 10  # TCP_LISTEN
_HEADER = struct.Struct("=IHHII")  # nlmsghdr
_REQUEST = struct.Struct("=BBBBI")  # inet_diag_req_v2, before the inet_diag_sockid
_SOCKET = struct.Struct("!H46x")  # inet_diag_sockid: its port, and what is not asked for
_ANSWER = struct.Struct("=BBxx2sxx16s40xI")  # inet_diag_msg: family, state, port, address and user
_CODE = struct.Struct("=i")
_TABLES = {socket.AF_INET: "/proc/net/tcp", socket.AF_INET6: "/proc/net/tcp6"}


def listeners_at(port):
    """A set of (address as 16 bytes, id of its user); those that cannot be known are left out. Costs some microseconds,
    however many connections the machine has."""
    listeners = set()
    for family, table in _TABLES.items():
        try:
            listeners |= _ask_kernel(family, port)
        except OSError:  # this kernel, or what confines the process, does not let it ask
            listeners |= _read(table, port)
    return listeners


def takes(listener, address):
    """Whether what listens at the one address may take a connection to the other: it is the same, or all addresses. (::
    counts for IPv4, too, though whoever listens there can leave that out.)"""
    return listener in (address, bytes(16)) or listener == mapped(bytes(4)) and address.startswith(mapped(b""))


def mapped(address):
    """An address of IPv4, or how it begins."""
    return bytes(10) + b"\xff\xff" + address


def _ask_kernel(family, port):
    """As man sock_diag says it."""
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 1 << _LISTENS) + _SOCKET.pack(port)
    listeners = set()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, _SOCK_DIAG) as kernel:
        kernel.settimeout(1.0)
        kernel.send(_HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _LIST, 0, 0) + body)
        while True:
            messages = kernel.recv(1 << 16)
            while messages:
                size, kind, *_ = _HEADER.unpack_from(messages)
                message, messages = messages[_HEADER.size:size], messages[(size + 3) & ~3:]
                # What ends a list says whether it is one.
                if kind == _ERROR or kind == _DONE and len(message) >= 4 and _CODE.unpack_from(message)[0] < 0:
                    raise OSError("the kernel does not list sockets")
                if kind == _DONE:
                    return listeners
                kin, state, at, address, user = _ANSWER.unpack_from(message)
                if kind == _BY_FAMILY and state == _LISTENS and at == port.to_bytes(2, "big"):
                    listeners.add((mapped(address[:4]) if kin == socket.AF_INET else address, user))


def _read(table, port):
    """The same from a table of all connections, which may be long."""
    try:
        with open(table, encoding="ascii") as file:
            lines = [line.split() for line in file]
    except OSError:
        return set()
    return {(_address_of(words[1].rpartition(":")[0]), int(words[7])) for words in lines[1:]
            if words[3] == f"{_LISTENS:02X}" and words[1].rpartition(":")[2] == f"{port:04X}"}


def _address_of(text):
    """Such as 0100007F, or four of those: words in this machine's order."""
    address = b"".join(struct.pack("=I", int(text[i:i + 8], 16)) for i in range(0, len(text), 8))
    return mapped(address) if len(address) == 4 else address
