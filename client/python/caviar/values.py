"""Messages as plain Python: dicts, lists, numbers, words, datetimes. And values of parameters both ways."""

import datetime
import decimal
import math
import numbers

from google.protobuf import duration_pb2, timestamp_pb2

from caviar.v1 import search_space_pb2

LARGEST_WHOLE = 1 << 53  # beyond, a double no longer holds every whole number


def plain(message):
    """A message as a dict with its fields' names. Enums are words, times datetimes in UTC, durations timedeltas; a field
    that is optional and not set is None."""
    name = message.DESCRIPTOR.full_name
    if name == search_space_pb2.Value.DESCRIPTOR.full_name:
        kind = message.WhichOneof("kind")
        return None if kind is None else getattr(message, kind)
    if name == timestamp_pb2.Timestamp.DESCRIPTOR.full_name:
        return message.ToDatetime(tzinfo=datetime.timezone.utc)
    if name == duration_pb2.Duration.DESCRIPTOR.full_name:
        return message.ToTimedelta()
    return {field.name: _field(message, field) for field in message.DESCRIPTOR.fields}


def _field(message, field):
    value = getattr(message, field.name)
    if field.label == field.LABEL_REPEATED:
        if is_map(field):
            inner = field.message_type.fields_by_name["value"]
            return {key: _single(inner, value[key]) for key in sorted(value)}
        return [_single(field, each) for each in value]
    has_presence = field.message_type is not None or field.containing_oneof is not None
    if has_presence and not message.HasField(field.name):
        return None
    return _single(field, value)


def _single(field, value):
    if field.message_type is not None:
        return plain(value)
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else value
    return value


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def to_value(given, message):
    """Writes a parameter's value into a caviar.v1.Value. ValueError says what is wrong."""
    if isinstance(given, bool):
        message.bool_value = given
    elif isinstance(given, numbers.Integral):
        if abs(given) > LARGEST_WHOLE:
            raise ValueError(f"is {given}; a whole number lies in [-2^53, 2^53]")
        message.int_value = int(given)
    elif isinstance(given, numbers.Real):
        if not math.isfinite(given):
            raise ValueError(f"is {given}; write a finite number")
        message.double_value = float(given)
    elif isinstance(given, str):
        message.string_value = given
    elif isinstance(given, (list, tuple)):
        message.string_value = _joined(given)
    else:
        raise ValueError(f"is {given!r}; write a number, a word, True or False")


def number_text(number):
    """The shortest text that is read as the same double, as a person writes it: 512, 2.5, 1e-5."""
    number = float(number)
    exact = decimal.Decimal(repr(number)).normalize()
    sign, digits, exponent = exact.as_tuple()
    digits = "".join(map(str, digits))
    fixed = str(int(number)) if number.is_integer() and number else format(exact, "f")
    mantissa = "-" * sign + digits[0] + ("." + digits[1:] if digits[1:] else "")
    exponent += len(digits) - 1
    # As C++'s to_chars chooses, which writes exponents with two digits or more.
    return fixed if len(fixed) <= len(mantissa) + len(f"e{exponent:+03d}") else f"{mantissa}e{exponent}"


def _joined(given):
    """A list of numbers as one value: "512,256"."""
    if not given:
        raise ValueError("is an empty list; a list as a value holds numbers: [512, 256]")
    for number in given:
        if isinstance(number, bool) or not isinstance(number, numbers.Real) or not math.isfinite(number):
            raise ValueError(f"holds {number!r}; a list as a value holds numbers: [512, 256]")
        if isinstance(number, numbers.Integral) and abs(number) > LARGEST_WHOLE:
            raise ValueError(f"holds {number}; a whole number lies in [-2^53, 2^53]")
    text = ",".join(number_text(number) for number in given)
    if len(text) > 256:
        raise ValueError(f"is a list of {len(given)} numbers with {len(text)} characters; at most 256")
    return text
