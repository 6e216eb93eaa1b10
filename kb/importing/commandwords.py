"""Names of commands as operators type them, and words that show that a line is a sentence about a command."""

from __future__ import annotations

_SURE = """
    kubectl ovn-nbctl ovn-sbctl ovn-ic-nbctl ovn-ic-sbctl ovn-appctl ovn-trace ovn-detrace ovs-vsctl ovs-ofctl
    ovs-appctl ovs-dpctl ovs-tcpdump ovs-tcpundump ovsdb-client ovsdb-tool ovs-ctl ovn-ctl ovs-pki ovs-vswitchd
    kubeadm kubectl-ko oc crictl nerdctl etcdctl etcdutl calicoctl istioctl linkerd kustomize skopeo podman
    buildah systemctl journalctl sysctl tcpdump iptables ip6tables iptables-save iptables-restore
    ip6tables-save ipset ipvsadm nft conntrack ethtool brctl bridge nmcli nmtui ifconfig ifup ifdown arping
    traceroute tracepath mtr nslookup dig netstat lsof strace ltrace gdb perf pstack gstack pidstat iostat
    vmstat mpstat sar dmidecode lspci lscpu lsblk lsmod modprobe modinfo rmmod insmod dmesg apt-get apt yum dnf
    rpm dpkg snap apk pip pip3 npm yarn sed awk grep egrep fgrep zgrep xargs chmod chown mkdir rmdir umount
    fdisk mkfs xfs_repair fsck e2fsck resize2fs pvcreate vgcreate lvcreate lvextend pvs vgs lvs sudo nohup
    setenforce getenforce firewall-cmd ufw semanage useradd usermod passwd crontab ulimit nsenter unshare
    chroot taskset numactl scp rsync sftp ssh-keygen ssh-copy-id telnet nc ncat iperf iperf3 curl wget openssl
    keytool jq yq base64 md5sum sha256sum tar gzip gunzip unzip zcat mysql mysqldump psql redis-cli mongosh
    rabbitmqctl kafka-topics.sh virsh qemu-img cephadm rados rbd radosgw-admin ctr docker-compose vtysh velero
    argocd tailf whoami uname hostnamectl timedatectl chronyc ntpdate ldd stap bpftrace bpftool tc devlink rdma
    ibstat nvidia-smi multipath iscsiadm showmount mountpoint swapoff swapon pgrep pkill killall lsns pidof
    vconfig wg kubens kubectx kind minikube k3s rke2 microk8s ansible ansible-playbook terraform svn gcc cmake
    dpdk-devbind testpmd ovs-testcontroller subctl cilium hubble cilium-dbg virtctl nerdctl-compose restorecon
    getfacl setfacl tee stat nproc umask env printenv readlink realpath truncate dd df du ps free uptime fuser
    getent setfattr
"""
SURE = frozenset(_SURE.split())
"""Hardly ever anything but a command at the start of a line; one word alone may still be its name."""

_WORDS = """
    ip ss ls cd cp mv rm cat pwd echo ln vi vim nano less more head tail sort uniq wc cut tr find which whereis
    who w id date time watch top htop atop kill mount sleep export source alias unset set test touch diff patch
    make host hostname ping ssh su exit history clear reboot shutdown service init git go python python3 perl
    java mvn node docker helm ceph bash sh zsh bc read exec eval route arp lsattr file join split tree type
    command trap wait jobs fg bg seq yes true timeout flock logger last screen tmux nginx etcd kube-ovn kubelet
    containerd install yes expect at bird birdc vppctl sqlite3 ko keepalived haproxy crm pcs
"""
WORDS = frozenset(_WORDS.split())
"""Commands that are English words or names of products too: they need an argument that only a command has."""

SUBCOMMANDS: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "ip": "a addr address l link r ro route rule neigh n netns maddr tunnel xfrm monitor vrf",
        "git": "clone pull push fetch checkout log diff status commit add merge rebase apply show tag branch init",
        "docker": "ps run exec logs inspect images pull push build rm rmi stop start restart network load save tag cp "
        "info version stats system volume compose login events top commit",
        "helm": "install upgrade uninstall list ls repo template rollback history get status pull search show delete",
        "go": "build run test get mod tool install env version",
        "ceph": "-s status health osd mon pg df mgr tell fs auth config crash orch",
        "service": "--status-all",
        "npm": "install run",
        "crm": "status configure resource node",
        "pcs": "status resource cluster stonith",
        "nginx": "-t -s -v",
        "birdc": "show configure",
        "bird": "-p",
        "screen": "-r -ls -S",
        "ssh": "root admin",
        "set": "-e -x -o +x -euo",
    }.items()
}
"""Arguments that only the command of that name has."""

_ALONE = """
    ifconfig lsblk lsmod lscpu dmesg lspci ps df free uptime uname whoami pvs vgs lvs ls pwd exit reboot mount
    netstat top ipvsadm iptables-save nvidia-smi hostnamectl env timedatectl getenforce lsns w nproc brctl
"""
ALONE = frozenset(_ALONE.split())
"""Commands that are typed without any argument."""

_PROSE = """
    is are was were be been has have had can could will would should may might must does did the a an this that
    these those it its they we you i he she our your their of to in on at by from as into and or but not so
    because if when while which who what how why where there here also only very more most than then using used
    uses command commands tool tools allows provides shows returns runs means needs fails failed after before
    about instead however please like such any all some no each other both
"""
PROSE = frozenset(_PROSE.split())
"""English words a command line has hardly any of and a sentence always has some of."""
