"""Linear constraints as people write them. That C++ reads them alike, study_definition_test shows."""

import unittest

from caviar import linear_constraint
from caviar.v1 import search_space_pb2


def parse(text):
    message = search_space_pb2.LinearConstraint()
    linear_constraint.parse(text, message)
    low = message.min if message.HasField("min") else None
    high = message.max if message.HasField("max") else None
    return dict(message.coefficients), low, high


class LinearConstraintTest(unittest.TestCase):
    def test_brings_everything_to_one_side(self):
        self.assertEqual(parse("units_1 >= 2 * units_2"), ({"units_1": 1, "units_2": -2}, 0, None))
        self.assertEqual(parse("a + b <= 1"), ({"a": 1, "b": 1}, None, 1))
        self.assertEqual(parse("2 a - 3 <= b * 4 + 1"), ({"a": 2, "b": -4}, None, 4))
        self.assertEqual(parse("a == .5e1"), ({"a": 1}, 5, 5))
        self.assertEqual(parse("0 <= a + x-y - 1 <= 1"), ({"a": 1, "x-y": 1}, 1, 2))
        self.assertEqual(parse("3 >= -a >= 1"), ({"a": -1}, 1, 3))
        self.assertEqual(parse("a + a - a + 0 * b <= 2"), ({"a": 1}, None, 2))

    def test_says_what_is_wrong(self):
        for text, what in (("a + b", "compares nothing"), ("1 <= 2", "about no parameter"), ("a * b <= 1", "multiplies a by b"),
                           ("a <", "no part of"), ("a <= ", "has a sign without"), ("a b <= 1", "lacks"),
                           ("a <= b <= c", "more than two sides"), ("a + <= 1", "has a sign without"), ("a ? 1", "no part of"),
                           ("", "has a sign without"), ("a 2 <= 1", "lacks")):
            with self.subTest(text), self.assertRaisesRegex(ValueError, what):
                parse(text)


if __name__ == "__main__":
    unittest.main()
