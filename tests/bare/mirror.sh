#!/usr/bin/env bash
# Print this machine's own Debian mirror, as its sources name it.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
    sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' | grep -m1 '/debian/\?$')
[ -n "$mirror" ] || { echo "No Debian mirror in /etc/apt/sources.list*." >&2; exit 1; }
echo "$mirror"
