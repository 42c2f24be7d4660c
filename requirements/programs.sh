#!/bin/sh
# Install the Debian packages of the programs that tests start. Run by `make test`, which goes on without them.
#
# No server is left running: the tests start their own. A program is looked for by a command of its package in /usr/bin.
set -eu

missing=""
for each in chromium=chromium mariadb-install-db=mariadb-server-core mariadb=mariadb-client-core pg_createcluster=postgresql prometheus=prometheus; do
    command -v "${each%=*}" >/dev/null || missing="$missing ${each#*=}"
done
[ -n "$missing" ] || exit 0

go_on() {
    echo "tfx-ocr: $1; the tests that need what is missing skip, or fail under CI" >&2
    exit 0
}
command -v apt-get >/dev/null || go_on "please install, by names as Debian's:$missing"
if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else go_on "please run: apt-get install$missing"; fi

echo "Installing Debian packages for tests:$missing"
$as_root apt-get update -qq >/dev/null 2>&1 || true # an old list may do
failed=""
for package in $missing; do # one by one: not every distribution has them all
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
        failed="$failed $package"
done
for service in postgresql prometheus; do
    case $missing in
        *"$service"*)
            $as_root update-rc.d "$service" disable >/dev/null 2>&1 || true
            $as_root service "$service" stop >/dev/null 2>&1 || true
            ;;
    esac
done
[ -z "$failed" ] || go_on "apt-get cannot install$failed"
