"""The types of parameters that a study's definition may leave out."""

from caviar.v1 import batch_norm_network_parameters_pb2, search_space_pb2

_SETTINGS = batch_norm_network_parameters_pb2.BatchNormNetworkParameters.DESCRIPTOR.fields_by_name
_Parameter = search_space_pb2.Parameter


def complete_parameter_types(study, whole):
    """Sets the type of each parameter that has none: [True, False] gives BOOL, other values CATEGORICAL, or ORDINAL
    beside a scale; bounds and step that are all written whole give INT, except on scales that only doubles have and
    for settings that the built-in trainer knows as doubles; other bounds DOUBLE. Nothing to tell by: left open.

    Then writes values in one type: whole numbers among doubles, and conditions on a double, become doubles.
    `whole`: paths of the numbers that were written whole.
    """
    built_in = study.trainer.HasField("batch_norm_network")
    doubles = set()
    for parameter in study.parameters:
        setting = built_in and _is_double_setting(parameter.name)
        _infer(parameter, setting, whole)
        if setting or _has_double(parameter.values):
            _to_doubles(parameter.values)
        if setting and parameter.HasField("value"):
            _to_doubles([parameter.value])
        if parameter.type == _Parameter.DOUBLE or _has_double([*parameter.values, parameter.value]):
            doubles.add(parameter.name)
    for parameter in study.parameters:
        for condition in parameter.when:
            if condition.parameter in doubles:
                _to_doubles(condition.values)


def _infer(parameter, setting, whole):
    if parameter.type != _Parameter.TYPE_UNSPECIFIED or parameter.HasField("value"):
        return
    if parameter.values:
        if sorted(value.bool_value for value in parameter.values if value.HasField("bool_value")) == [False, True] \
                and len(parameter.values) == 2:
            parameter.type = _Parameter.BOOL
            del parameter.values[:]
        else:
            plain = parameter.scale == _Parameter.SCALE_UNSPECIFIED
            parameter.type = _Parameter.CATEGORICAL if plain else _Parameter.ORDINAL
        return
    if not parameter.HasField("min") and not parameter.HasField("max"):
        return
    all_whole = all(not parameter.HasField(name) or f"parameters.{parameter.name}.{name}" in whole
                    for name in ("min", "max", "step"))
    double = setting or parameter.scale in (_Parameter.ONE_MINUS_LOG, _Parameter.LOGIT)
    parameter.type = _Parameter.INT if all_whole and not double else _Parameter.DOUBLE


def _is_double_setting(name):
    return name in _SETTINGS and _SETTINGS[name].cpp_type == _SETTINGS[name].CPPTYPE_DOUBLE


def _has_double(values):
    return any(value.HasField("double_value") for value in values)


def _to_doubles(values):
    for value in values:
        if value.HasField("int_value"):
            value.double_value = float(value.int_value)
