#!/usr/bin/env bash
# Makes the Python environment of the judges and test clients in target/venv, with tests/requirements.txt; prints the
# path of its python. Does nothing when it is there already and up to date.
#
#   tests/venv.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../softhsm-setup/packages.sh
. "$root/softhsm-setup/packages.sh"

venv=$root/target/venv
wanted=$root/tests/requirements.txt

require_packages python3 python3-venv
mkdir -p "$root/target"
exec 9>"$root/target/.venv.lock"
flock 9
if ! cmp -s "$wanted" "$venv/requirements.txt" || ! "$venv/bin/python" -c '' 2>/dev/null; then
  printf 'making the Python environment\n' >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-input --requirement "$wanted" >&2
  cp "$wanted" "$venv/requirements.txt"
fi
printf '%s\n' "$venv/bin/python"
