#!/usr/bin/env bash
# Make an image of Debian's packages, with this machine's certificates: `base_image.sh NAME FOLDER SUITE PACKAGES`, by root.
#
# It stands for an image of a registry that is not reached. For trials on this machine, never for users.
set -euo pipefail
here=$(dirname "$0")
root=$2/root
mkdir -p "$2"
debootstrap --variant=minbase --include="$4" "$3" "$root" \
    "$("$here/../bare/mirror.sh")" >"$2/log" 2>&1 || { tail -5 "$2/log" >&2; exit 1; }
cp /etc/resolv.conf "$root/etc/resolv.conf"
certificates=/etc/ssl/certs/ca-certificates.crt
install -D -m 644 "${SSL_CERT_FILE:-${PIP_CERT:-$certificates}}" "$root/etc/ssl/host.crt"
tar -C "$root" -c . | "${DOCKER:-docker}" import \
    --change "ENV PIP_CERT=/etc/ssl/host.crt SSL_CERT_FILE=/etc/ssl/host.crt REQUESTS_CA_BUNDLE=/etc/ssl/host.crt" - "$1"
rm -rf --one-file-system "$2"
