#!/bin/sh
# Installs Open vSwitch and OVN from Debian's packages for tests/ovn, where that is possible; never fails the build.
set -u
if command -v ovs-vswitchd >/dev/null 2>&1 && command -v ovn-northd >/dev/null 2>&1 && command -v ovn-controller >/dev/null 2>&1; then
	exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "tests/ovn: Open vSwitch and OVN are not installed and cannot be installed here (needs root and apt-get);"
	echo "tests/ovn: its tests will be skipped. By hand: apt-get install openvswitch-switch ovn-central ovn-host"
	exit 0
fi
echo "tests/ovn: installing openvswitch-switch ovn-central ovn-host"
export DEBIAN_FRONTEND=noninteractive
# policy-rc.d keeps the packages from starting system services: the test bed starts its own, in a folder of its own.
made=""
if [ ! -e /usr/sbin/policy-rc.d ]; then
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && made=yes
fi
{ apt-get update -q && apt-get install -y -q --no-install-recommends openvswitch-switch ovn-central ovn-host; } >/dev/null 2>&1 \
	|| echo "tests/ovn: apt-get could not install them; its tests will be skipped"
[ -n "$made" ] && rm -f /usr/sbin/policy-rc.d
exit 0
