#!/bin/sh
# Installs Prometheus from Debian's packages for tests/prometheus, where that is possible; never fails the build.
set -u
if command -v prometheus >/dev/null 2>&1; then
	exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "tests/prometheus: Prometheus is not installed and cannot be installed here (needs root and apt-get);"
	echo "tests/prometheus: its tests will be skipped. By hand: apt-get install --no-install-recommends prometheus"
	exit 0
fi
echo "tests/prometheus: installing prometheus"
export DEBIAN_FRONTEND=noninteractive
# policy-rc.d keeps the package from starting a system service: the tests start their own, in a folder of its own.
made=""
if [ ! -e /usr/sbin/policy-rc.d ]; then
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && made=yes
fi
{ apt-get update -q && apt-get install -y -q --no-install-recommends prometheus; } >/dev/null 2>&1 \
	|| echo "tests/prometheus: apt-get could not install it; its tests will be skipped"
[ -n "$made" ] && rm -f /usr/sbin/policy-rc.d
exit 0
