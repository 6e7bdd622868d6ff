"""docs/acts.md shows the example that e2e_acts.py runs."""

import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = "<!-- tests/acts_example.py -->\n```python\n"


class Page(unittest.TestCase):
    def test_the_page_shows_the_example_as_it_runs(self):
        page = (ROOT / "docs/acts.md").read_text(encoding="utf-8")
        shown = page.split(MARK)[1].split("```\n")[0]
        self.assertEqual(shown, (ROOT / "tests/acts_example.py").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
