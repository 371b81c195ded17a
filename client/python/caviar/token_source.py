"""The secret that a caller's calls bring along: where it is found, and to whom it is not sent.

Nothing here raises, so that no exception and no traceback can show what was read.
"""

import os
import re
import stat
import time

from caviar.loopback import is_loopback, where_somebody_else_listens

_READ_AGAIN = 1.0  # seconds
# 16 to 512 printable ASCII characters, none of them a space. gRPC's own refusal of others would quote them.
_TOKEN = re.compile(rb"[!-~]{16,512}")


class TokenSource:
    """The token for calls to one CoordinatorAddress, read again now and then: a coordinator's first start writes it."""

    def __init__(self, token_file, address):
        self._token_file = token_file
        self._address = address
        self._read_token = (None, None)  # when by the steady clock, and what; replaced as a whole: no lock is needed

    def get(self):
        """None: there is none that may be sent there."""
        # Whoever took the port just now: asked for each call.
        if not self._is_named() and not self._may_send_own():
            return None
        read, token = self._read_token
        now = time.monotonic()
        if token is not None and now - read < _READ_AGAIN:
            return token
        # What cannot be read just now held a moment ago.
        token = self._read() or token
        self._read_token = (now, token)
        return token

    def _is_named(self):
        return bool(self._token_file or os.environ.get("CAVIAR_TOKEN"))

    def _may_send_own(self):
        """Whoever runs a coordinator could use what is sent there."""
        address, is_own = self._address
        return where_somebody_else_listens(address) is None if is_loopback(address) else is_own

    def _read(self):
        if self._token_file:
            return _token_in(self._token_file)
        named = os.environ.get("CAVIAR_TOKEN", "")
        if named:
            # One that is no token stands for none: the caller did not mean to be somebody else.
            return named if _TOKEN.fullmatch(os.fsencode(named)) else None
        # Whoever took the port meanwhile is sent nothing.
        own = user_token_file()
        return _token_in(own, has_to_be_private=True) if own is not None and self._may_send_own() else None


def user_token_file():
    """Where a user's coordinators leave their token for the same user's tools; None: there is no such place."""
    state, home = os.environ.get("XDG_STATE_HOME", ""), os.environ.get("HOME", "")
    if os.path.isabs(state):
        return os.path.join(state, "caviar", "token")
    return os.path.join(home, ".local", "state", "caviar", "token") if os.path.isabs(home) else None


def where_tokens_are():
    """Some words for people."""
    own = user_token_file()
    return "token_file, $CAVIAR_TOKEN_FILE, $CAVIAR_TOKEN" + (
        f" or, for coordinators of this user at 127.0.0.1, localhost or file:PATH, {own}" if own else "")


def _token_in(path, has_to_be_private=False):
    """The file's first line; None: it cannot be read, is no token, or, where it has to be private, others could read or
    wrote it."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            private = status.st_uid in (0, os.geteuid()) and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            if not stat.S_ISREG(status.st_mode) or has_to_be_private and not private:
                return None
            line = re.split(rb"[\r\n]", file.read(514), maxsplit=1)[0]
    except OSError:
        return None
    return line.decode("ascii") if _TOKEN.fullmatch(line) else None
