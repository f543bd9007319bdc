"""What the greeter promises."""

# ruff: noqa: PT009, PT027 - only what comes with Python is used here

import unittest

from greeter import GREETINGS, greet


class Greeting(unittest.TestCase):
    def test_every_language_names_the_person(self) -> None:
        for language in GREETINGS:
            with self.subTest(language):
                self.assertIn("Ada", greet("Ada", language))

    def test_english_is_usual(self) -> None:
        self.assertEqual(greet("Ada"), "Hello, Ada!")

    def test_an_unknown_language_is_an_error(self) -> None:
        with self.assertRaises(KeyError):
            greet("Ada", "tlh")


if __name__ == "__main__":
    unittest.main()
