"""For a program that is a trial: its parameters, and reports to its worker.

Knows the environment that caviar-worker gives to programs, and nothing but the standard library.
"""

import contextvars
import json
import operator
import os
import pathlib
import socket
import sys
import threading

from caviar.errors import Error

# The trial of the function that optimize() runs here; it takes the reports then.
current_trial = contextvars.ContextVar("caviar_trial", default=None)


def parameters(**defaults):
    """The trial's parameters, by name: {"learning_rate": 0.01, "optimizer": {"momentum": 0.9}}.

    Names with dots nest. What the trial does not give (outside of a trial that is everything, and in a trial each
    inactive parameter) is as in `defaults`.
    """
    asked = current_trial.get()
    if asked is not None:
        return _over(defaults, _nested(asked.parameters))
    path = os.environ.get("CAVIAR_PARAMETERS_FILE")
    text = os.environ.get("CAVIAR_PARAMETERS")
    if path:
        text = pathlib.Path(path).read_text(encoding="utf-8")
    return _over(defaults, json.loads(text)) if text else dict(defaults)


def report(step, **metrics):
    """Hands in metrics measured at a step of training (a whole number that grows, such as the epoch).

    Returns what to do: "continue"; "stop", the trial has ended, leave; "pause", save a checkpoint and leave (programs
    with `resumable: true` only). Not finite values are told as they are. caviar.Error: the worker refused it.

    Under optimize() it raises caviar.Pruned instead of returning "stop". Where nobody listens it prints a line, and the
    answer is "continue". May be called from any thread, and after a fork.
    """
    step = operator.index(step)
    numbers = {name: number(name, value) for name, value in metrics.items()}
    if not numbers:
        raise ValueError("report() needs at least one metric: report(3, accuracy=0.93)")
    asked = current_trial.get()
    if asked is not None:
        return asked.report(step, **numbers)
    line = json.dumps({"step": step, **numbers})
    address = os.environ.get("CAVIAR_REPORT_ADDRESS")
    if address:
        answer = _tell_worker(address, line)
        if answer is not None:
            return answer
    if "CAVIAR_TRIAL" in os.environ:
        # The worker reads it from the output, but cannot answer: it stops the program by a signal.
        print("caviar: " + line, flush=True)
    else:
        print(f"step {step}: " + ", ".join(f"{name} {value:g}" for name, value in numbers.items()), flush=True)
    return "continue"


def output_dir():
    """Where the program's own files belong; outside of a trial the current folder."""
    return pathlib.Path(os.environ.get("CAVIAR_OUTPUT_DIR") or ".")


def seed(default=0):
    """A seed of the trial's own, the same in all of its attempts; outside of a trial `default`."""
    return int(os.environ.get("CAVIAR_SEED") or default)


def number(name, value):
    """A metric's value as a float; whatever has one number in it will do (NumPy, PyTorch). TypeError otherwise."""
    if not isinstance(value, (str, bytes)):
        try:
            return float(value)
        except (TypeError, ValueError):
            pass
    raise TypeError(f"metric {name} is {value!r}; it has to be a number")


def _over(defaults, given):
    """`given` over `defaults`, mapping by mapping."""
    merged = dict(defaults)
    for name, value in given.items():
        inner = merged.get(name)
        merged[name] = _over(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def _nested(flat):
    nested = {}
    for name, value in flat.items():
        *folders, last = name.split(".")
        place = nested
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = value
    return nested


# A thread's own connection, so that no answer goes to the wrong caller and no lock is held at a fork.
_connection = threading.local()
_unreachable = set()


def _tell_worker(address, line):
    """The worker's answer; None where its socket cannot be reached from here, such as from another machine."""
    if address in _unreachable:
        return None
    try:
        stream = _stream(address)
    except OSError as error:
        _unreachable.add(address)
        print(f"caviar: {address} cannot be reached ({error}); metrics are printed instead", file=sys.stderr)
        return None
    # Without a time limit: a worker that dies closes the connection, and one that stands still goes on some time.
    try:
        stream.write(line.encode() + b"\n")
        stream.flush()
        answer = stream.readline().decode().strip()
    except OSError as error:
        answer = ""
        reason = str(error)
    else:
        reason = "it closed the connection"
    if answer in ("continue", "stop", "pause"):
        return answer
    if not answer:
        _connection.stream = None
        raise Error(f"the trial's worker did not take a report: {reason}")
    raise Error(answer[len("error:"):].strip() if answer.startswith("error:") else f"unknown answer {answer!r}")


def _stream(address):
    # A child after fork must not read its parent's answers.
    here = (os.getpid(), address)
    if getattr(_connection, "here", None) != here or _connection.stream is None:
        if not address.startswith("unix:"):
            raise OSError("only unix:/path is understood")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address[len("unix:"):])
            _connection.stream = connection.makefile("rwb")
        _connection.here = here
    return _connection.stream
