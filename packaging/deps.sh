#!/bin/bash
# Install the Debian packages named that are not there yet, as root or by sudo.
#
#	packaging/deps.sh PACKAGE...
#
# "PACKAGE=COMMAND" is content when COMMAND is there, whoever installed it.
# Costs nothing when all is there.
#
# Of a package that brings a service (nginx, lighttpd, prometheus) the program is wanted and
# not the service: it is not started, neither now nor at the next boot.

set -euo pipefail

missing=()
for word in "$@"; do
	package=${word%%=*}
	if [[ $word == *=* ]] && command -v "${word#*=}" >/dev/null; then
		continue
	fi
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" \
	    2>/dev/null) || status=absent
	[[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

if ! command -v apt-get >/dev/null; then
	printf 'Needed, under the names that Debian 12 gives them: %s\n' \
	    "${missing[*]}" >&2
	exit 1
fi
as_root=()
if [[ $(id -u) -ne 0 ]]; then
	if ! command -v sudo >/dev/null; then
		printf 'Run as root first: apt-get install %s\n' \
		    "${missing[*]}" >&2
		exit 1
	fi
	as_root=(sudo)
fi

# Debian asks this file whether a package just installed may start anything.
policy=/usr/sbin/policy-rc.d
services=()
for package in nginx lighttpd prometheus; do
	[[ " ${missing[*]} " != *" $package "* ]] ||
	    services+=("$package.service")
done
if [[ ${#services[@]} -gt 0 && ! -e $policy ]]; then
	trap '"${as_root[@]}" rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' |
	    "${as_root[@]}" install -m 755 /dev/stdin "$policy"
fi

printf 'Installing %s\n' "${missing[*]}"
# A mirror that fails once is asked again; who else installs is waited for.
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q
    -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300)
install=("${apt[@]}" install -y --no-install-recommends "${missing[@]}")
# The lists of packages may be absent or old: the first attempt tells.
if ! "${install[@]}" >/dev/null 2>&1; then
	"${apt[@]}" update || "${apt[@]}" update || :
	"${install[@]}" || "${install[@]}"
fi
if [[ ${#services[@]} -gt 0 ]] && command -v systemctl >/dev/null; then
	"${as_root[@]}" systemctl disable --quiet "${services[@]}" || :
fi
