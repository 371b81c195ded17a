"""Linear constraints as people write them: "units_1 >= 2 * units_2", "0 <= a + b <= 1"."""

import re

# Spaces stand around + and -, since names may hold a "-".
_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|"
                    r"(?P<sign><=|>=|==|[+*-]))")


def parse(text, message):
    """Fills a caviar.v1.LinearConstraint: what stands on both sides is brought to one. ValueError says what is wrong."""
    sides, signs = _split(_tokens(text))
    if not signs:
        raise ValueError("compares nothing; write it like a + b <= 1")
    (constant, sum_), low, high = _one_side(sides, signs)
    if low is not None:
        message.min = low - constant
    if high is not None:
        message.max = high - constant
    for name, coefficient in sum_.items():
        if coefficient:
            message.coefficients[name] = coefficient
    if not message.coefficients:
        raise ValueError("is about no parameter")


def _one_side(sides, signs):
    """The sum (constant, coefficients), and its bounds; None: there is none."""
    if len(signs) == 1:
        (constant, left), (bound, right) = sides
        left = dict(left)
        for name, coefficient in right.items():
            left[name] = left.get(name, 0.0) - coefficient
        return (constant, left), None if signs[0] == "<=" else bound, None if signs[0] == ">=" else bound
    outer = len(signs) == 2 and signs[0] == signs[1] != "==" and not sides[0][1] and not sides[2][1]
    if not outer:
        raise ValueError("compares more than two sides; of three the outer ones are numbers, as in 0 <= a + b <= 1")
    low, high = (0, 2) if signs[0] == "<=" else (2, 0)
    return sides[1], sides[low][0], sides[high][0]


def _tokens(text):
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise ValueError(f"has {text[position:].lstrip()[:1]!r}, which is no part of a linear constraint such as "
                             "a + 2 * b <= 1; its signs are <=, >= and ==")
        tokens.append((found.lastgroup, found.group(found.lastgroup)))
        position = found.end()
    return tokens


def _split(tokens):
    """Sides as (constant, {name: coefficient}), and the comparisons between them."""
    sides, signs, terms = [], [], []
    for token in tokens:
        if token[1] in ("<=", ">=", "=="):
            signs.append(token[1])
            sides.append(_sum(terms))
            terms = []
        else:
            terms.append(token)
    sides.append(_sum(terms))
    return sides, signs


def _sum(tokens):
    constant, coefficients = 0.0, {}
    position = 0
    while position == 0 or position < len(tokens):
        factor = 1.0
        if position < len(tokens) and tokens[position][1] in ("+", "-"):
            factor = -1.0 if tokens[position][1] == "-" else 1.0
            position += 1
        elif position:
            raise ValueError(f"lacks + or - before {tokens[position][1]!r}")
        factor, name, position = _term(tokens, position, factor)
        if name:
            coefficients[name] = coefficients.get(name, 0.0) + factor
        else:
            constant += factor
    return constant, coefficients


def _term(tokens, position, factor):
    """A product of numbers and at most one name, from `position` on; "2 a" is "2 * a"."""
    name, more = "", True
    while more:
        kind, text = tokens[position] if position < len(tokens) else ("", "")
        if kind == "number":
            factor *= float(text)
        elif kind == "name" and not name:
            name = text
        elif kind == "name":
            raise ValueError(f"multiplies {name} by {text}; a linear constraint is a sum of numbers times parameters")
        else:
            raise ValueError("has a sign without a number or a parameter's name behind it")
        position += 1
        following = tokens[position] if position < len(tokens) else ("", "")
        more = following[1] == "*"
        position += more
        more = more or (following[0] == "name" and not name)
    return factor, name, position
