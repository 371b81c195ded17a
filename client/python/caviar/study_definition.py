"""The study file's structure as a dict -> the Study message, as `caviar study create` reads it from YAML.

Types, words and nesting come from the messages' descriptors. Only the form is looked at: what a good study is the
coordinator judges.
"""

import datetime
import difflib
import math
import numbers
import re
from collections.abc import Mapping

from caviar import linear_constraint
from caviar.errors import InvalidArgument
from caviar.parameter_types import complete_parameter_types
from caviar.v1 import study_pb2
from caviar.values import is_map, number_text, to_value

# What differs from the messages. By message: fields that no file has, and names that differ in files; and the oneof
# whose member's name is the value of a key of its own, with the member's fields beside it.
_NOT_IN_FILES = {
    "Study": {"state", "end_reason", "message", "create_time", "end_time", "trial_counts", "best_trial",
              "best_objective", "test_evaluation", "active_duration", "sampler_reason", "warm_start_trials",
              "warm_start_completed", "best_standard_error", "owner", "revision", "revision_time"},
    "Code": {"archive"},
}
_NAMES_IN_FILES = {"Study": {"name": "study"}}
_FLATTENED = {"Dataset": "format"}

_UNITS_OF_TIME = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_UNITS_OF_BYTES = {"": 1, "B": 1, **{f"{letter}{ending}": base**power
                                     for power, letter in enumerate("KMGT", 1)
                                     for ending, base in (("iB", 1024), ("B", 1000))}}


def to_study(definition):
    """InvalidArgument with everything that is wrong."""
    study = study_pb2.Study()
    complete_parameter_types(study, read_fields(definition, study))
    return study


def read_fields(given, study):
    """Reads what is given, which may be a part of a definition; parameters lack their types then. Returns the paths of the
    numbers that are written whole. InvalidArgument with everything that is wrong."""
    reader = _Reader()
    reader.section(given, "", study)
    if reader.problems:
        raise InvalidArgument(reader.problems)
    return reader.whole


class _Reader:
    """Reads on after a mistake, so that one call finds them all."""

    def __init__(self):
        self.problems = []
        self.whole = set()  # paths of the numbers that are written whole

    def section(self, given, path, message):
        if given is None:
            given = {}
        if not isinstance(given, Mapping):
            self._report(path, f"is {given!r}; it is a dict")
            return
        message.SetInParent()
        known = self._known(given, path, message)
        if known is None:
            return
        chosen = _FLATTENED.get(message.DESCRIPTOR.name)
        for name, value in given.items():
            inner = f"{path}.{name}" if path else str(name)
            if name == chosen:
                continue
            if name not in known:
                self._unknown(name, inner, [*known, *([chosen] if chosen else [])])
                continue
            owner, field = known[name]
            others = field.containing_oneof
            if others is not None and len(others.fields) > 1 and owner.WhichOneof(others.name):
                self._report(inner, f"stands beside {owner.WhichOneof(others.name)}; there is exactly one of "
                             + ", ".join(each.name for each in others.fields))
                continue
            self._attempt(inner, self._read, value, inner, owner, field)

    def _known(self, given, path, message):
        """By name in files: the message that has the field, and the field. None, and reported: it cannot be told."""
        known = _fields_of(message)
        name = _FLATTENED.get(message.DESCRIPTOR.name)
        if name is None:
            return known
        members = message.DESCRIPTOR.oneofs_by_name[name].fields
        for member in members:
            known.pop(member.name)
        words = [member.name for member in members]
        chosen = given.get(name)
        if chosen is None:
            # Where it is left out, the first key that only one of them knows tells.
            for key in given:
                knowing = [member.name for member in members if key in member.message_type.fields_by_name]
                if len(knowing) == 1:
                    chosen = knowing[0]
                    break
        if chosen not in words:
            what = "is missing" if name not in given else f"is {chosen!r}"
            self._report(f"{path}.{name}", f"{what}; write {_alternatives(words)}")
            return None
        inner = getattr(message, chosen)
        inner.SetInParent()
        return {**known, **_fields_of(inner)}

    def _unknown(self, name, path, known):
        near = difflib.get_close_matches(str(name), known, 1)
        hint = f'did you mean "{near[0]}"?' if near else (
            "known here: " + ", ".join(known) if known else "nothing stands here, write {}")
        self._report(path, f"is not known; {hint}")

    def _report(self, path, what):
        self.problems.append((path, what))

    def _attempt(self, path, read, *arguments):
        try:
            read(*arguments)
        except ValueError as error:
            self._report(path, str(error))

    def _read(self, given, path, message, field):
        kind = field.message_type.name if field.message_type is not None else ""
        if field.label == field.LABEL_REPEATED:
            self._read_several(given, path, getattr(message, field.name), field, kind)
        elif kind == "Value":
            to_value(given, getattr(message, field.name))
        elif kind == "Duration":
            getattr(message, field.name).FromTimedelta(_duration(given))
        elif kind == "ByteSize":
            getattr(message, field.name).bytes = _bytes(given)
        elif kind:
            self.section(given, path, getattr(message, field.name))
        else:
            if field.cpp_type == field.CPPTYPE_DOUBLE and isinstance(given, numbers.Integral):
                self.whole.add(path)
            setattr(message, field.name, _scalar(given, field))

    def _read_several(self, given, path, values, field, kind):
        if kind in ("Parameter", "Condition") or is_map(field):
            if not isinstance(given, Mapping):
                raise ValueError(f"is {given!r}; it is a dict by name")
            for name, value in given.items():
                self._attempt(f"{path}.{name}", self._read_named, str(name), value, f"{path}.{name}", values, field)
            return
        if isinstance(given, (str, Mapping)) or not hasattr(given, "__iter__"):
            raise ValueError(f"is {given!r}; it is a list")
        for index, value in enumerate(given):
            inner = f"{path}[{index}]"
            self._attempt(inner, self._read_item, value, inner, values, field, kind)

    def _read_named(self, name, given, path, values, field):
        kind = field.message_type.name
        if kind == "Parameter":
            if not isinstance(given, Mapping):
                raise ValueError(f"is {given!r}; write {{'min': ..., 'max': ...}}, {{'values': [...]}} or "
                                 "{'value': ...}")
            self.section(given, path, values.add(name=name))
        elif kind == "Condition":
            condition = values.add(parameter=name)
            for value in given if isinstance(given, (list, tuple)) else [given]:
                if isinstance(value, (list, tuple)):
                    raise ValueError(f"is {value!r}; write a number, a word, True or False")
                to_value(value, condition.values.add())
        else:
            values[name] = _scalar(given, field.message_type.fields_by_name["value"])

    def _read_item(self, given, path, values, field, kind):
        if kind == "Value":
            to_value(given, values.add())
        elif kind == "LinearConstraint":
            linear_constraint.parse(_text(given), values.add())
        elif kind == "KnownTrial":
            trial = values.add()
            if not isinstance(given, Mapping):
                raise ValueError(f"is {given!r}; write a value for each parameter: {{'learning_rate': 0.01}}")
            for name, value in given.items():
                self._attempt(f"{path}.{name}", to_value, value, trial.parameters[name])
        elif kind:
            self.section(given, path, values.add())
        else:
            values.append(_scalar(given, field))

def _fields_of(message):
    """By name in files: the message itself, and the field."""
    kind = message.DESCRIPTOR.name
    renamed = _NAMES_IN_FILES.get(kind, {})
    return {renamed.get(field.name, field.name): (message, field) for field in message.DESCRIPTOR.fields
            if field.name not in _NOT_IN_FILES.get(kind, ())}


def _scalar(given, field):
    if field.enum_type is not None:
        words = [value.name.lower() for value in field.enum_type.values if value.number != 0]
        if given not in words:
            near = difflib.get_close_matches(str(given), words, 1)
            raise ValueError(f"is {given!r}; " + (f'did you mean "{near[0]}"?' if near else
                                                  "write one of " + ", ".join(words)))
        return field.enum_type.values_by_name[given.upper()].number
    if field.cpp_type == field.CPPTYPE_STRING:
        return _text(given)
    if field.cpp_type == field.CPPTYPE_BOOL:
        if not isinstance(given, bool):
            raise ValueError(f"is {given!r}; write True or False")
        return given
    if isinstance(given, bool) or not isinstance(given, numbers.Real):
        raise ValueError(f"is {given!r}; write a number" + (" without the quotes" if _is_number(given) else ""))
    if not math.isfinite(given):
        raise ValueError(f"is {given}; write a finite number")
    if field.cpp_type == field.CPPTYPE_DOUBLE:
        return float(given)
    if given != math.floor(given):
        raise ValueError(f"is {given}; write a whole number")
    bits, signed = (64, True) if field.cpp_type == field.CPPTYPE_INT64 else (
        32, field.cpp_type == field.CPPTYPE_INT32)
    least, most = (-2**53, 2**53) if bits == 64 else (-2**31, 2**31 - 1) if signed else (0, 2**32 - 1)
    if not least <= given <= most:
        raise ValueError(f"is {given}; write a whole number in [{least}, {most}]")
    return int(given)


def _text(given):
    """What may be a text: names and arguments may look like numbers."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, numbers.Integral):
        return str(int(given))
    if isinstance(given, numbers.Real):
        return number_text(given)
    if not isinstance(given, str):
        raise ValueError(f"is {given!r}; write a text")
    return given


def _is_number(given):
    # PyYAML reads 1e-4 as a text, 1.0e-4 as a number.
    try:
        return isinstance(given, str) and math.isfinite(float(given))
    except ValueError:
        return False


def _duration(given):
    """A timedelta of "90s", "30m", "2h30m", "1.5h", "250ms"; or a timedelta."""
    if isinstance(given, datetime.timedelta):
        return given
    text = given if isinstance(given, str) else ""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"is {given!r}; write a duration like 90s, 2h30m or 1d")
    return datetime.timedelta(seconds=sum(float(number) * _UNITS_OF_TIME[unit] for number, unit in parts))


def _bytes(given):
    if isinstance(given, numbers.Integral) and not isinstance(given, bool):
        return int(given)
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([A-Za-z]*)", given if isinstance(given, str) else "")
    if found is None or found.group(2) not in _UNITS_OF_BYTES:
        raise ValueError(f"is {given!r}; write a size like 2GiB or 512MB")
    return round(float(found.group(1)) * _UNITS_OF_BYTES[found.group(2)])


def _alternatives(words):
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
