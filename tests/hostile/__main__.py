"""Writes all files to a folder, to look at them: `python -m hostile FOLDER` in tests/."""

import sys
from pathlib import Path

from .files import FILES

for file in FILES.values():
    target = Path(sys.argv[1], f"{file.name}.pdf")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.make())
print(f"{len(FILES)} files in {sys.argv[1]}")
