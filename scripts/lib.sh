# shellcheck shell=bash
# What the scripts share. Sourced, never run: it moves to the project's root and adds the sbin folders to PATH,
# because Debian keeps daemons there and does not show them to ordinary users.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export ORT_DISABLE_TELEMETRY=1 # onnxruntime reports to its maker unless told not to
unset PYTHONDONTWRITEBYTECODE # many processes load the same modules: compile each once

say() { printf '• %s\n' "$*" >&2; }
die() { printf '✗ %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
first() { local name; for name; do has "$name" && { command -v "$name"; return; }; done; return 1; }

# help_of SCRIPT: its first comment block, which is its manual.
help_of() { awk 'NR == 1 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$1"; }

# as_root COMMAND...: as root, through sudo where it asks no password; false (and nothing done) where neither works.
as_root() {
    if [[ $(id -u) == 0 ]]; then "$@"; elif sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

# apt_install PACKAGE...: install Debian packages, or stop and say exactly what to type.
apt_install() {
    local log="${TMPDIR:-/tmp}/sitegate-apt.$$.log" apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq)
    if ! has apt-get; then die "Missing: $*. Install them with this system's package manager, then run this again."; fi
    if ! as_root true; then die "Missing: $*. Type this, then run this script again:  sudo apt-get install $*"; fi
    say "Installing system packages: $*"
    if ! { as_root "${apt[@]}" install -y --no-install-recommends "$@" ||
        { as_root "${apt[@]}" update && as_root "${apt[@]}" install -y --no-install-recommends "$@"; }; } >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        die "apt-get could not install $* (log: $log)"
    fi
    rm -f "$log"
}

# find_python: the path of the newest Python that is new enough; false if there is none.
find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3; do
        has "$name" && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$name"; return; }
    done
    return 1
}

# pip_locked PYTHON SET [OPTION...]: install requirements/SET.txt into Python's environment, each file believed only by its hash.
pip_locked() {
    local set=$2 pip=("$1" -m pip -q --disable-pip-version-check --no-input install --no-deps --require-hashes "${@:3}")
    # What has no wheel is built by this setuptools, not by one that pip would fetch unchecked.
    "${pip[@]}" -r requirements/build.txt && "${pip[@]}" --no-build-isolation --use-pep517 -r "requirements/$set.txt"
}

# tool_venv NAME PACKAGE...: the Python of an environment that has these packages and nothing of ours.
tool_venv() {
    local folder="$PWD/.venv/tools/$1" python; shift
    [[ $(cat "$folder/packages" 2>/dev/null) == "$*" ]] || {
        python=$(find_python) && "$python" -m venv --clear "$folder" && "$folder/bin/python" -m pip -q install "$@" &&
            echo "$*" >"$folder/packages"; } >&2 || die "Python 3.11 or newer is missing, or pip could not install $*"
    echo "$folder/bin/python"
}
