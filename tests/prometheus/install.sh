#!/bin/sh
# Installs Prometheus and its node exporter from Debian's packages for tests/prometheus where it may; never fails the build.
set -u
if command -v prometheus >/dev/null 2>&1 && command -v prometheus-node-exporter >/dev/null 2>&1; then
	exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "tests/prometheus: Prometheus and its node exporter cannot be installed here (needs root and apt-get);"
	echo "tests/prometheus: its tests will be skipped. By hand: apt-get install --no-install-recommends prometheus prometheus-node-exporter"
	exit 0
fi
echo "tests/prometheus: installing prometheus prometheus-node-exporter"
export DEBIAN_FRONTEND=noninteractive
# policy-rc.d keeps the packages from starting system services: the tests start their own, in a folder of its own.
made=""
if [ ! -e /usr/sbin/policy-rc.d ]; then
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && made=yes
fi
{ apt-get update -q && apt-get install -y -q --no-install-recommends prometheus prometheus-node-exporter; } >/dev/null 2>&1 \
	|| echo "tests/prometheus: apt-get could not install them; its tests will be skipped"
[ -n "$made" ] && rm -f /usr/sbin/policy-rc.d
exit 0
