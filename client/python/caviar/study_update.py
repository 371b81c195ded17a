"""What study.update() may change, by the names that the options of `caviar study update` have."""

import difflib
from collections.abc import Mapping

from caviar.study_definition import read_fields
from caviar.v1 import study_pb2

_LIMITS = ("max_trials", "parallel", "max_failed", "max_duration", "max_attempts", "max_steps", "no_gain", "weight")
_NAMES = (*_LIMITS, "target", "sampler", "pruner")


def apply_changes(changes, study):
    """Writes changes such as max_trials=200 into a Study message; None takes a limit away. InvalidArgument has all
    that is wrong; TypeError: a name that is none of these."""
    for name in changes:
        if name not in _NAMES:
            near = difflib.get_close_matches(name, _NAMES, 1)
            raise TypeError(f"update() changes no {name!r}; " + (
                f"did you mean {near[0]!r}?" if near else "it changes " + ", ".join(_NAMES)))
    given = {}
    for name, value in changes.items():
        section, field, value = _place(name, value)
        _clear(study, section, field)
        if value is not None:
            given.setdefault(section, {}).update({field: value} if field else value)
    given_fields = study_pb2.Study()
    read_fields(given, given_fields)
    study.MergeFrom(given_fields)


def _place(name, value):
    """The section of a study file, the field in it ("": the section as a whole), and its value there."""
    if name in _LIMITS:
        return "limits", name, {"trials": value} if name == "no_gain" and _is_bare(value) else value
    if name == "target":
        return "objective", name, value
    if value is None:
        value = "none" if name == "pruner" else "auto"
    if name == "sampler" and _is_bare(value):
        return "sampler", "algorithm", value  # its seed stays
    return name, "", {"algorithm": value} if _is_bare(value) else value


def _is_bare(value):
    return value is not None and not isinstance(value, Mapping)


def _clear(study, section, field):
    if field:
        getattr(study, section).ClearField(field)
    else:
        study.ClearField(section)
