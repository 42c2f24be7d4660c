#!/usr/bin/env bash
# Prove that a clean clone works on a bare Debian: `tests/bare/run.sh [SUITE ...] [-- TARGET ...]`, by root, with debootstrap.
#
# Each suite (bookworm, trixie; both unless named) gets a minimal root in work/bare/SUITE, made anew from this machine's own
# Debian mirror, with this machine's proxy, certificate and pip settings and nothing else of it. HEAD is cloned into it, and
# the targets (`run` and `test` unless named) are made there by chroot. Ends 0 when every target of every suite passed.
set -euo pipefail
cd "$(dirname "$0")/../.."

suites=() targets=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do suites+=("$1"); shift; done
[ $# -eq 0 ] || { shift; targets=("$@"); }
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)
[ ${#targets[@]} -gt 0 ] || targets=(run test)

[ "$(id -u)" = 0 ] || { echo "test-bare makes Debian roots: please run it as root." >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "Please run: apt-get install debootstrap" >&2; exit 1; }

# In a mount namespace of its own: however this ends, no mount stays behind.
[ -n "${TFX_OCR_BARE:-}" ] || TFX_OCR_BARE=1 exec unshare --mount --propagation private "$0" "${suites[@]}" -- "${targets[@]}"

mirror=$(tests/bare/mirror.sh)

# What a user on this machine would have set, and no more: proxies, certificates, package indexes.
settings=(HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
while IFS= read -r setting; do settings+=("$setting"); done < <(
    env | grep -E '^((https?|ftp|all|no)_proxy|(HTTPS?|FTP|ALL|NO)_PROXY|PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|DEFAULT_TIMEOUT)|UV_(DEFAULT_INDEX|INDEX|HTTP_TIMEOUT))=')
certificates=${SSL_CERT_FILE:-${PIP_CERT:-}}
if [ -n "$certificates" ]; then # at a path of their own, where installing ca-certificates does not write over them
    settings+=(SSL_CERT_FILE=/etc/ssl/host-certificates.crt PIP_CERT=/etc/ssl/host-certificates.crt)
fi

copy() { # FILE ROOT: where it lies here, it lies there
    [ ! -f "$1" ] || install -D -m 644 "$1" "$2$1"
}

make_root() { # SUITE ROOT
    if [ -d "$2" ]; then rm -rf --one-file-system "$2"; fi
    mkdir -p "$2"
    debootstrap --variant=minbase "$1" "$2" "$mirror" >"$2.log" 2>&1 || { tail -5 "$2.log"; return 1; }
    copy /etc/resolv.conf "$2"
    mkdir -p "$2/etc/ssl"
    copy /etc/pip.conf "$2"
    [ -e "$2/etc/hosts" ] || echo "127.0.0.1 localhost" >"$2/etc/hosts" # every installed Debian has it; Beam binds there
    [ -z "$certificates" ] || install -m 644 "$certificates" "$2/etc/ssl/host-certificates.crt"
    for file in /etc/apt/auth.conf.d/* $(grep -lsi 'proxy\|^ *acquire::https' /etc/apt/apt.conf.d/*); do
        copy "$file" "$2"
    done
    for place in /proc /sys /dev; do mount --rbind "$place" "$2$place"; done
}

failed=0
for suite in "${suites[@]}"; do
    root=$PWD/work/bare/$suite
    start=$SECONDS
    echo "== $suite: making a bare root in work/bare/$suite"
    make_root "$suite" "$root"
    git clone --quiet --no-hardlinks . "$root/root/tfx-ocr"
    echo "== $suite: apt-get install git make"
    inside() { env -i "${settings[@]}" chroot "$root" sh -c "$1"; }
    inside 'apt-get update -qq && apt-get install -y -qq --no-install-recommends git make >/dev/null 2>&1'
    for target in "${targets[@]}"; do
        began=$SECONDS
        echo "== $suite: make $target"
        if inside "cd /root/tfx-ocr && make $target"; then verdict=passed; else verdict=FAILED failed=1; fi
        echo "== $suite: make $target $verdict in $((SECONDS - began)) s"
    done
    echo "== $suite: done in $((SECONDS - start)) s"
    umount --recursive --lazy "$root/proc" "$root/sys" "$root/dev"
done
exit "$failed"
