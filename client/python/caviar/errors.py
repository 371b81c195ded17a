"""What goes wrong, as exceptions with the coordinator's words."""


class Error(Exception):
    """The coordinator, or the worker of a trial, refused.

    code: the gRPC code's name, such as "FAILED_PRECONDITION"; "" where no call was made.
    reason: UPPER_SNAKE_CASE for programs, such as "NAME_TAKEN"; "" where there is none.
    """

    def __init__(self, message, code="", reason=""):
        super().__init__(message)
        self.code = code
        self.reason = reason


class InvalidArgument(Error, ValueError):
    """Something of a request is wrong. violations: all of it, as (field, what) with the study file's words."""

    def __init__(self, violations, message=""):
        super().__init__(
            "\n".join(f"{field}: {what}" if field else what for field, what in violations) or message,
            "INVALID_ARGUMENT", "INVALID_FIELD")
        self.violations = violations


class NotFound(Error, LookupError):
    """There is no such study or trial."""


class AlreadyExists(Error):
    """The study's name is taken."""


class NoTrial(Error):
    """Nothing to ask for now: the message says whether later."""


class LeaseLost(Error):
    """The trial is not the asker's any more: its lease was not renewed in time, or the study ended."""


class Unauthenticated(Error, PermissionError):
    """The coordinator does not know who calls: the token is not one of its own, or was not found."""


class PermissionDenied(Error, PermissionError):
    """The coordinator knows who calls, and does not let this caller do that."""


class Unavailable(Error, ConnectionError):
    """No coordinator answered, or it was too busy, however often it was tried."""


class Pruned(Exception):
    """Raised in a function under optimize() by report(): the trial was ended, its function is to be left."""
