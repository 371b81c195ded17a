"""Which users listen at a TCP port of this machine, and at which addresses. Those of IPv4 are ::ffff:a.b.c.d."""

import os
import socket
import stat
import struct

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY, _DONE, _ERROR = 20, 3, 2  # kinds of messages
_LIST = 0x1 | 0x300  # NLM_F_REQUEST, NLM_F_DUMP
_LISTENS = 10  # TCP_LISTEN
_HEADER = struct.Struct("=IHHII")  # nlmsghdr
_REQUEST = struct.Struct("=BBBBI")  # inet_diag_req_v2, before the inet_diag_sockid
_SOCKET = struct.Struct("!HH16s16s4x8s")  # inet_diag_sockid: ports, addresses (its own first), cookie
_ANY = b"\xff" * 8  # INET_DIAG_NOCOOKIE, twice
_ANSWER = struct.Struct("=BBxx2sxx16s40xII")  # inet_diag_msg: family, state, port, address, user and inode
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


def peers_at(port):
    """The same of who holds the far end of a connection of this process: whoever took one may listen no more. Costs some
    microseconds for each file that the process has open."""
    peers = set()
    try:
        for file in map(int, os.listdir("/proc/self/fd")):
            ends = _ends_of(file)
            if ends and ends[0][1] == port:
                user = _user_of(*ends)
                peers |= {(ends[0][0], user)} if user is not None else set()
    except OSError:  # this kernel, or what confines the process, does not let it ask
        pass
    return peers


def takes(listener, address):
    """Whether what listens at the one address may take a connection to the other: it is the same, or all addresses. (::
    counts for IPv4, too, though whoever listens there can leave that out.)"""
    return listener in (address, bytes(16)) or listener == mapped(bytes(4)) and address.startswith(mapped(b""))


def mapped(address):
    """An address of IPv4, or how it begins."""
    return bytes(10) + b"\xff\xff" + address


def _ask_kernel(family, port):
    """As man sock_diag says it."""
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 1 << _LISTENS) + _SOCKET.pack(port, 0, b"", b"", b"")
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
                kin, state, at, address, user, _ = _ANSWER.unpack_from(message)
                if kind == _BY_FAMILY and state == _LISTENS and at == port.to_bytes(2, "big"):
                    listeners.add((mapped(address[:4]) if kin == socket.AF_INET else address, user))


def _ends_of(file):
    """Of a connection of this process, the far one first, as (address, port); None: it is none of IP."""
    try:
        if not stat.S_ISSOCK(os.fstat(file).st_mode):
            return None
        # The file stays its owner's, and blocking if it is: with this type Python leaves that alone.
        with socket.socket(type=socket.SOCK_STREAM | socket.SOCK_NONBLOCK, fileno=os.dup(file)) as connection:
            ends = connection.getpeername(), connection.getsockname()
            if connection.family == socket.AF_INET:
                return [(mapped(socket.inet_aton(end[0])), end[1]) for end in ends]
            if connection.family == socket.AF_INET6:
                return [(socket.inet_pton(socket.AF_INET6, end[0].partition("%")[0]), end[1]) for end in ends]
    except OSError:
        pass
    return None


def _user_of(end, far_end):
    """Of the socket of a connection of this machine; None: there is none that anybody holds."""
    (address, port), (far_address, far_port) = end, far_end
    family = socket.AF_INET6
    if address.startswith(mapped(b"")):
        family, address, far_address = socket.AF_INET, address[12:], far_address[12:]
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 0xffffffff) + _SOCKET.pack(port, far_port, address,
                                                                                      far_address, _ANY)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, _SOCK_DIAG) as kernel:
        kernel.settimeout(1.0)
        kernel.send(_HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, 0x1, 0, 0) + body)
        message = kernel.recv(1 << 16)
    _, kind, *_ = _HEADER.unpack_from(message)
    if kind != _BY_FAMILY:
        return None
    *_, user, inode = _ANSWER.unpack_from(message, _HEADER.size)
    return user if inode else None  # one that is closed has none any more, and is only not forgotten yet


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
