"""All files by name, kind after kind."""

from . import active, blank, bombs, encryption, lies, loops, signed

FILES = {name: file for kind in (blank, bombs, loops, lies, encryption, active, signed) for name, file in kind.case.items()}
