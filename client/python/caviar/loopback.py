"""Addresses of this machine that no other machine reaches, in the forms that gRPC takes."""

import os
import re
import socket

from caviar.listeners import listeners_at, mapped, peers_at, takes

_V4, _V6 = mapped(socket.inet_aton("127.0.0.1")), socket.inet_pton(socket.AF_INET6, "::1")


def is_loopback(address):
    """Whether a connection to this host:port stays here: 127.x.x.x, [::1], localhost, and what means one of those, such as
    0.0.0.0, [::ffff:127.0.0.1] and dns:///localhost."""
    host = _host_of(address)
    number = _number_of(host)
    if number is not None:
        return _is_here(number)
    return host in ("localhost", "ip6-localhost") or re.fullmatch(r"127\.[0-9.]*", host) is not None


def where_somebody_else_listens(address):
    """Where another user than this one, or root, listens that a connection to this address may come to, or has taken one
    of this process, as host:port; 127.0.0.1:7461 has nothing to do with 127.0.0.2:7461, but with 0.0.0.0:7461. A name may
    mean both 127.0.0.1 and [::1]. None: nobody, that cannot be known, or the address is not loopback's. May be asked for
    each call: names are looked up only where others listen."""
    if not is_loopback(address):
        return None
    port = int(address.rpartition(":")[2])
    others = [listener for listener, user in listeners_at(port) | peers_at(port) if user not in (0, os.geteuid())]
    if not others:
        return None
    targets = _addresses_of(_host_of(address))
    for other in sorted(others):
        if not targets or any(takes(other, target) for target in targets):
            return _text_of(other, port)
    return None


def _host_of(address):
    # As gRPC takes it: dns:///localhost:7461, ipv4:127.0.0.1:7461.
    return re.sub("^(dns|ipv4|ipv6):(.*/)?", "", address.rpartition(":")[0], flags=re.DOTALL)


def _number_of(host):
    """As 16 bytes; None: it is no number. [] stand around numbers of IPv6, and no others."""
    try:
        if host.startswith("[") and host.endswith("]"):
            number = socket.inet_pton(socket.AF_INET6, host[1:-1])
        else:
            number = mapped(socket.inet_pton(socket.AF_INET, host))
    except (OSError, ValueError):
        return None
    # Linux connects to loopback then.
    return {bytes(16): _V6, mapped(bytes(4)): _V4}.get(number, number)


def _is_here(number):
    return number == _V6 or number.startswith(mapped(b"\x7f"))


def _addresses_of(host):
    """All that a connection may go to. Empty: that may be anything, as far as is known here."""
    number = _number_of(host)
    if number is not None:
        return {number}
    if host.startswith("127."):  # 127.1: not everybody reads it alike
        return set()
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    numbers = {mapped(socket.inet_aton(at[0])) if family == socket.AF_INET else socket.inet_pton(family, at[0])
               for family, _, _, _, at in found}
    # gRPC looks names up by ways of its own, some of which know localhost without asking.
    return numbers | {_V4, _V6} if all(map(_is_here, numbers)) else set()


def _text_of(number, port):
    if number.startswith(mapped(b"")):
        return f"{socket.inet_ntoa(number[12:])}:{port}"
    return f"[{socket.inet_ntop(socket.AF_INET6, number)}]:{port}"
