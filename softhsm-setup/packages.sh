# shellcheck shell=bash
# Sourced by the scripts: Debian packages, installed only where they are missing.

# require_packages NAME...: returns when all named Debian packages are installed. Installs what is missing as root or
# by `sudo -n`; where neither works, says exactly what to install and exits with 3.
require_packages() {
  local missing=() name as_root=()
  for name in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      printf 'Some packages are missing. Please install them and run this again:\n  sudo apt-get install %s\n' \
        "${missing[*]}" >&2
      exit 3
    fi
    as_root=(sudo -n)
  fi
  printf 'installing %s\n' "${missing[*]}" >&2
  install_packages "${missing[@]}"
}

# Try with the package lists at hand first: they are often there, and fetching them is slow.
install_packages() {
  local log
  log=$(mktemp)
  if ! apt_get install -y --no-install-recommends "$@" >"$log" 2>&1; then
    if ! { apt_get update && apt_get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
      cat "$log" >&2
      rm -f "$log"
      printf 'apt-get could not install %s\n' "$*" >&2
      exit 3
    fi
  fi
  rm -f "$log"
}

# `as_root` is the caller's (require_packages). The lock is waited for: a fresh machine often updates itself just then.
apt_get() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# require_cargo: puts cargo on the PATH, or says how to get it and exits with 3.
require_cargo() {
  if ! command -v cargo >/dev/null && [ -f "${CARGO_HOME:-$HOME/.cargo}/env" ]; then
    # shellcheck source=/dev/null
    . "${CARGO_HOME:-$HOME/.cargo}/env"
  fi
  if ! command -v cargo >/dev/null; then
    printf 'Rust is missing. Please install it (https://rustup.rs) and run this again.\n' >&2
    exit 3
  fi
  # A C compiler links Rust programs and builds the bundled SQLite.
  command -v cc >/dev/null || require_packages gcc libc6-dev
}
