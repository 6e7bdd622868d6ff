"""docs/damaged.md says what the hostile files show, and nothing is refused as damaged of which it does not speak."""

import re
import unittest

from hostile.files import FILES
from sealkeeper_client import ROOT

ROW = re.compile(r"\| (?P<what>[^|]+) \| (?:taken|\(`(?P<rule>[a-z-]+)`\)|`(?P<damage>[a-z-]+)`) \| [^|]+ \| `(?P<file>[a-z0-9/-]+)` \|")


def rows():
    """The page's rows, but for heads and rules of its tables."""
    lines = (ROOT / "docs/damaged.md").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("|") and not re.match(r"\|(---|.* what it is )|\| what it is ", line)]


class Damaged(unittest.TestCase):
    def test_each_row_is_what_its_file_shows(self):
        self.assertGreater(len(rows()), 60)
        for line in rows():
            row = ROW.fullmatch(line)
            self.assertIsNotNone(row, line)
            verdict = FILES[row["file"]].verdict
            codes = [told.split()[0] for told in verdict.told]
            with self.subTest(row["what"]):
                if row["damage"]:
                    self.assertFalse(verdict.stamped)
                    self.assertTrue(any(f"pdf-damaged what={row['damage']}" in told for told in verdict.told), verdict)
                elif row["rule"]:
                    self.assertEqual(codes, [row["rule"]])
                else:
                    self.assertNotIn("pdf-damaged", codes)

    def test_every_kind_of_damage_has_a_row(self):
        shown = {row["damage"] for row in map(ROW.fullmatch, rows()) if row["damage"]}
        error = (ROOT / "crates/pades/src/error.rs").read_text(encoding="utf-8")
        structure = set(re.findall(r'= "([a-z-]+)", "', error.split("    Damage {")[1].split("    }\n")[0]))
        examined = (ROOT / "crates/domain/src/document/examined.rs").read_text(encoding="utf-8")
        parts = set(re.findall(r'DamagedKind::\w+ => "([a-z-]+)"', examined))
        self.assertTrue(structure and parts)
        self.assertEqual(shown, structure | parts | {"page-count"})

    def test_the_files_are_the_same_each_time(self):
        for name in ("signed/approved", "encryption/aes-256-r6-with-an-owner", "bombs/lzw", "blank/scan-of-an-empty-sheet"):
            self.assertEqual(FILES[name].make(), FILES[name].make(), name)


if __name__ == "__main__":
    unittest.main()
