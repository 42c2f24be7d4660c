#!/bin/sh
# Make .venv from the lock that fits this machine, or find it up to date. Run by `make setup`.
#
# Which lock fits is decided by glibc, because TFX's compiled parts are (docs/decisions/0002-two-locks.md). Debian
# packages that are missing are installed where that is allowed, and named where it is not. No index and no address is
# named here: pip's own settings (environment or pip.conf) are used, and passed on to uv.
set -eu
cd "$(dirname "$0")/.."
PATH=$(echo "$PATH" | sed "s#$PWD/.venv/bin:##") # an activated .venv must not be what .venv is made from

refuse() {
    echo "tfx-ocr: $*" >&2
    exit 1
}

# 1. Which lock, for which Python.
fits="TFX runs on Linux x86_64 with glibc 2.35 to 2.38 and Python 3.11 (Debian 12, Ubuntu 22.04), or with glibc 2.39 or newer and Python 3.12 or 3.13 (Debian 13, Ubuntu 24.04)"
machine=$(uname -sm)
libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || libc="no glibc"
[ "$machine" = "Linux x86_64" ] || refuse "this machine is $machine; $fits."
case $libc in
    "glibc 2.3"[5-8]) lock=py311 versions="3.11" ;;
    "glibc 2.39" | "glibc 2."[4-9][0-9]) lock=py312 versions="3.13 3.12" ;;
    *) refuse "this machine has $libc; $fits." ;;
esac

# 2. Up to date? One at a time: a second `make` waits here for the first.
exec 9<requirements/install.sh
flock 9
sources="requirements/$lock.txt requirements/installer.txt requirements/install.sh setup.py pyproject.toml"
# shellcheck disable=SC2086  # a list of names without spaces
digest="$PWD $lock $(cat $sources | sha256sum)"
stamp=.venv/.setup
if [ "$(cat $stamp 2>/dev/null)" = "$digest" ] && .venv/bin/python -ISc '' 2>/dev/null; then
    exit 0
fi

# 3. A Python that fits, with venv and headers, and a C++ compiler (pyfarmhash, which TFDV needs, has no wheel).
version_of() {
    "$1" -ISc 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}
fitting() {
    found=$(version_of "$1") || return 1
    case " $versions " in *" $found "*) ;; *) return 1 ;; esac
}
find_python() {
    for python in python3 $(echo "$versions" | sed 's/3\./python&/g'); do
        fitting "$python" && return
    done
    return 1
}
missing_packages() {
    command -v g++ >/dev/null || printf 'g++ '
    if find_python; then
        "$python" -c 'import ensurepip' 2>/dev/null || printf 'python%s-venv ' "$found"
        "$python" -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null ||
            printf 'python%s-dev ' "$found"
        return
    fi
    for version in $versions; do
        if apt-cache show "python$version-venv" >/dev/null 2>&1; then
            printf 'python%s python%s-venv python%s-dev ' "$version" "$version" "$version"
            return
        fi
    done
    printf 'Python %s with its venv module and headers' "$(echo "$versions" | sed 's/ / or /')"
}
missing=$(missing_packages)
if [ -n "$missing" ]; then
    command -v apt-get >/dev/null || refuse "please install: $missing (found: $libc, Python $(version_of python3 || echo none))."
    as_root=no
    if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; fi
    if [ "$as_root" != no ]; then
        $as_root apt-get update -qq || true # an old list may do
        missing=$(missing_packages)
    fi
    case $missing in *Python*) refuse "this machine has $libc but apt-get knows no ${missing#g++ }; $fits." ;; esac
    missing=${missing% }
    [ "$as_root" != no ] || refuse "please run: apt-get install $missing"
    echo "Installing Debian packages: $missing"
    # shellcheck disable=SC2086  # a list of packages
    said=$($as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing 2>&1) ||
        refuse "apt-get install $missing failed: $said"
fi
find_python || refuse "this machine has $libc and no Python $(echo "$versions" | sed 's/ / or /'); $fits."

# 4. The environment. The stamp goes first and comes back last: what was interrupted is made anew, and uv's cache makes that quick.
made_here=no
case $(cat $stamp 2>/dev/null) in "$PWD $lock "*) made_here=yes ;; esac # an environment cannot be moved
if [ $made_here = yes ] && fitting .venv/bin/python; then
    rm $stamp
    echo "The lock has changed: bringing .venv up to date"
else
    rm -rf .venv
    echo "Making .venv with Python $(version_of "$python") from requirements/$lock.txt: 3 GB, a minute and what the download takes"
    "$python" -m venv .venv
fi
VIRTUAL_ENV=$PWD/.venv
PATH=$VIRTUAL_ENV/bin:$PATH
export VIRTUAL_ENV PATH
pip install -q --disable-pip-version-check --require-hashes -r requirements/installer.txt

# uv reads its own variables only; what the user told pip holds for it too
pass_on() { # PIP_SETTING UV_VARIABLE
    value=$(printenv "$2") || value=$(pip config get ":env:.$1" 2>/dev/null) || value=$(pip config get "global.$1" 2>/dev/null) || return 0
    export "$2=$value"
}
pass_on index-url UV_DEFAULT_INDEX
pass_on extra-index-url UV_INDEX
pass_on find-links UV_FIND_LINKS
pass_on no-index UV_NO_INDEX
pass_on cert SSL_CERT_FILE
pass_on timeout UV_HTTP_TIMEOUT
pass_on default-timeout UV_HTTP_TIMEOUT
# Bytecode is compiled now: where PYTHONDONTWRITEBYTECODE is set, as in many containers, TensorFlow takes 12 s to import, not 5
uv pip sync -q --compile-bytecode --require-hashes --no-build-isolation "requirements/$lock.txt"
uv pip install -q --no-deps --no-build-isolation --editable .
echo "$digest" >$stamp
echo "Ready: Python $(version_of python), TFX $(sed -n 's/^tfx==\([^ ]*\).*/\1/p' "requirements/$lock.txt")"
