#!/usr/bin/env bash
# Typesets contract.typ into contract.pdf, which is committed: nobody needs to run this unless the contract changes.
# Needs fonts-noto-cjk and fonts-noto-cjk-extra (SIL Open Font License 1.1), python3-venv and the network.
#
#   softhsm-setup/demo/typeset.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$here/../../target/typeset-venv

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check 'typst==0.15.2'
"$venv/bin/python" - "$here" <<'PYTHON'
import sys
import typst

folder = sys.argv[1]
typst.compile(f"{folder}/contract.typ", output=f"{folder}/contract.pdf", font_paths=["/usr/share/fonts/opentype/noto"])
PYTHON
printf 'wrote %s\n' "$here/contract.pdf"
