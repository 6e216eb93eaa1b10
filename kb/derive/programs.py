"""Names of programs that command lines in articles begin with; whether a line is meant as one."""

from __future__ import annotations

import re
from collections.abc import Sequence

_KNOWN_TEXT = """
kubectl oc ko helm kustomize kubeadm kubelet istioctl calicoctl cilium hubble velero argocd virtctl tkn argo
ovn-nbctl ovn-sbctl ovn-appctl ovn-trace ovn-detrace ovn-ctl ovs-vsctl ovs-ofctl ovs-appctl ovs-dpctl ovs-ctl
ovsdb-client ovsdb-tool ovs-tcpdump ovn-ic-nbctl ovn-ic-sbctl ovs-testcontroller ovs-pki
crictl ctr docker nerdctl podman skopeo buildah containerd etcdctl etcdutl violet
ip ss netstat route ifconfig arp arping bridge brctl ethtool tc nmcli nft iptables iptables-save iptables-restore
ip6tables ip6tables-save ipset ipvsadm conntrack tcpdump tshark ping ping6 traceroute tracepath mtr nc ncat telnet
nmap iperf iperf3 curl wget dig nslookup host getent resolvectl chronyc ntpq timedatectl hostnamectl localectl
systemctl service journalctl dmesg sysctl modprobe insmod rmmod lsmod modinfo depmod dracut update-initramfs
ls cat head tail less more grep egrep fgrep zgrep awk gawk sed cut sort uniq wc tr tee xargs find du df stat file
cp mv rm mkdir rmdir ln touch chmod chown chgrp chattr lsattr tar gzip gunzip zcat zip unzip md5sum sha256sum rsync
scp ssh sftp sudo su env export unset set source alias echo printf read cd pwd test time watch timeout nohup sleep
ps top htop free uptime vmstat iostat mpstat sar pidstat lsof lscpu lsblk lspci lsusb lsns nsenter unshare chroot
strace ltrace perf bpftool bpftrace gdb pstack kill killall pkill pgrep pidof nice ionice taskset numactl
mount umount findmnt blkid fdisk parted mkfs mkswap swapon swapoff pvs vgs lvs pvcreate vgextend lvextend resize2fs
xfs_growfs multipath iscsiadm showmount exportfs smartctl nvme hdparm ceph rbd rados cephfs ceph-volume mc s3cmd aws
mysql mysqldump mysqladmin psql pg_dump pg_restore redis-cli mongo mongosh sqlite3 clickhouse-client rabbitmqctl
rabbitmq-plugins rabbitmq-diagnostics kafka-topics.sh influx openssl keytool certtool htpasswd base64 jq yq xxd
od hexdump strings diff cmp comm patch python python3 pip pip3 perl ruby node npm go java javac make gcc git bash sh
zsh for while until if case [ [[ yum dnf apt apt-get apt-cache rpm dpkg apk snap zypper reboot shutdown poweroff
init crontab useradd usermod passwd groupadd visudo getenforce setenforce semanage restorecon firewall-cmd ufw
nvidia-smi dcgmi birdcl birdc vtysh gobgp bfdd-control frr lldpctl ibstat rdma mlxconfig devlink dpdk-devbind.py
exec eval trap wait true false exit hostname uname id whoami date who w last which whereis type tree seq nproc
vi vim nano readlink realpath mapfile semodule setsebool getsebool sestatus ausearch audit2allow checkmodule
semodule_package grub2-mkconfig update-grub grubby netplan nmstatectl qemu-img virsh cosign radosgw-admin mvn gradle
istio pilot-agent kubectx kubens stern dlv gcore sosreport nfsstat rpcinfo blockdev sgdisk wipefs cryptsetup dmsetup
tune2fs fsck xfs_repair e2fsck mdadm lvcreate lvremove vgcreate vgremove pvcreate pvremove rclone restic mongodump
kcat mke2fs mkfs.ext4 mkfs.xfs dd sync truncate fallocate fio stress stress-ng ab wrk hey vegeta envsubst openstack
"""
KNOWN = frozenset(_KNOWN_TEXT.split())
"""Programs of the field and of every Linux; a longer word (``./x.sh``, ``/opt/bin/x``) needs no list."""

_PATH = re.compile(
    r"(?:\.{1,2}|~)?/[\w.+-]+(?:/[\w.+-]+)*(?<!\.yaml)(?<!\.yml)(?<!\.json)(?<!\.conf)(?<!\.log)(?<!\.crt)\Z"
)
_PROGRAM_PATH = re.compile(r"/(?:s?bin|libexec|scripts?)/|\.(?:sh|py|pl|rb)\Z")
_ASSIGN = re.compile(r"[A-Za-z_]\w{0,60}=(?!=)")
_FUNCTION = re.compile(
    r"\s*(?:function\s+[\w.:-]{1,80}\s*(?:\(\s*\))?|[\w.:-]{1,80}\s*\(\s*\))\s*\{?\s*(?:#.*)?\Z"
)
_FIELD = re.compile(r"[a-z][a-z_.]{0,30}=[^$(]*\Z")
_WORD = re.compile(r"[a-z][a-z0-9_]*(?:[.+-][a-z0-9_]+){0,6}\Z")
_ANSWER = re.compile(
    r"(?:^\S+ (?:\"[^\"]{1,120}\" )?(?:force )?(?:created|configured|unchanged|deleted|patched"
    r"|scaled|labeled|annotated|restarted|exposed|edited"
    r"|cordoned|uncordoned|drained|evicted|replaced|condition met|approved|tainted|untainted|not found)\b)"
    r"|^(?:Error|error|Warning|W|E|I|F)\b ?[(:0-9]|^\d|^[{}\[\]<>|+=*\"'│├└─…-]|^\S+:(?:\s|$)|^\w+\s*[:=]\s|^\.\.\."
)
_COLUMNS = re.compile(r"\S {2,}\S.* {2,}\S|\t")
_HEADER = re.compile(r"[A-Z][A-Z0-9()%/_-]+(?: [A-Z()-]+){0,3}(?: {2,}[A-Z][A-Z0-9()%/_ -]*)+\s*$")


def is_known(word: str) -> bool:
    """Whether a word is a program of the field, a script, or a path to one."""
    return (
        word in KNOWN or word.rpartition("/")[2] in KNOWN or word.endswith(".sh") or bool(_PATH.match(word))
    )


def _is_listed_path(line: str, word: str) -> bool:
    """Whether a line names a file or a folder and says what it is, as in `/data   what it holds` or `/export *`."""
    if not word.startswith("/") or _PROGRAM_PATH.search(word) or word.rpartition("/")[2] in KNOWN:
        return False
    rest = line.strip()[len(word) :]
    return not rest.strip() or rest.startswith(("  ", " *", " (", ":", " #"))


def starts_command(line: str) -> bool:
    """Whether a line begins with a program of the field, or with assignments before one (or alone)."""
    words = line.split(None, 6)[:6]
    if _FUNCTION.match(line):
        return True
    if len(words) > 1 and _FIELD.match(words[0]) and _FIELD.match(words[1]):
        return False  # a log line of fields: level=warn msg="…"
    while words and _ASSIGN.match(words[0]):
        if len(words) == 1 or "=$(" in words[0] or '="' in words[0] or "='" in words[0]:
            return True
        words = words[1:]
    if not words or _is_listed_path(line, words[0]):
        return False
    return is_known(words[0].lstrip("({!").rstrip(";") or words[0])


_NEEDS_TEXT = """
get describe delete edit patch logs exec apply create annotate label scale drain cordon uncordon expose taint debug cp
attach wait replace run explain port-forward inspect stop rm kill pull push tag install upgrade uninstall template
"""
_NEEDS = frozenset(_NEEDS_TEXT.split())
_NEEDS_TWO = frozenset(("rollout", "certificate", "set", "auth", "adm"))
_OBJECT_TOOLS = frozenset(("kubectl", "oc", "crictl", "docker", "nerdctl", "podman", "helm", "ctr"))


def is_bare(words: Sequence[str]) -> bool:
    """Whether words only name a command whose object is missing, as in "look with `kubectl describe`"."""
    if words[0] not in _OBJECT_TOOLS:
        return False
    plain = [word for word in words[1:] if not word.startswith("-")]
    needed = 2 if plain[:1] and plain[0] in _NEEDS else 3 if plain[:1] and plain[0] in _NEEDS_TWO else 0
    return len(plain) < needed and not any(word.startswith(("-f", "-k", "--filename")) for word in words)


def may_start_command(line: str) -> bool:
    """Whether a line could begin with a program nobody listed: a small word, and nothing that looks like an answer."""
    words = line.split(None, 1)
    if not words or not _WORD.match(words[0]) or line.rstrip().endswith((";", "{")):
        return False  # the lines of a configuration file end so
    return (len(words) > 1 or "_" in words[0] or "-" in words[0]) and not looks_like_answer(line)


def looks_like_answer(line: str) -> bool:
    """Whether a line looks like what a command prints: a table, a record, a message, a log line."""
    text = line.strip()
    return bool(_ANSWER.search(text[:400]) or _HEADER.match(text[:400]) or _COLUMNS.search(text[:400]))


def is_header(line: str) -> bool:
    """Whether a line is the head of a printed table: column names in capitals."""
    return bool(_HEADER.match(line.strip()[:400]))
