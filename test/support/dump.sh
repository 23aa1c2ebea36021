#!/bin/sh
# The canonical dump of a host: all that Crosshost could leave behind, without what changes by itself
# (indices, counters, carrier states, what containers and kernels count).
set -u
export LC_ALL=C
section() { printf '== %s\n' "$1"; }
# docker0 has another random address after each start of the machine; a link-local one of IPv6, and
# what its ports could segment, from its first container to the next start.
docker0=$(cat /sys/class/net/docker0/address)
plain() { sed -E "s/$docker0/DOCKER0/; s/mcast_[a-z_]+ [^ ]+ ?//g" | sed -E 's/^[0-9]+: //; s/@if[0-9]+:/:/; s/ state [A-Z]+//; s/ qlen [0-9]+//; s/<[^>]*>//; s/ (valid|preferred)_lft [^ ]+//g; s/\\ +/ /g'; }

# The kernel tries an IPv6 address for a second or two, where there is a carrier, before its routes come.
on_trial() {
    ip -6 -o addr show tentative | while read -r _ device _; do
        [ "$(cat "/sys/class/net/$device/carrier" 2>/dev/null)" != 1 ] || echo "$device"
    done
}
for _ in $(seq 50); do
    [ -n "$(on_trial)" ] || break
    sleep 0.1
done

section links
ip -o -d link show | plain | sed -E 's/ (gc_timer|hello_timer|tcn_timer|topology_change_timer|bridge_id|designated_root|root_path_cost|root_port|fdb_n_learned)[ ]+[^ ]+//g; /^docker0:/s/ tso_max_size [0-9]+//' | grep -v '^veth' | sort
section addresses
ip -o addr show | plain | grep -v '^veth\|^docker0 *inet6 fe80:' | sort
section routes
{ ip route show table all; ip -6 route show table all; } | sed -E 's/ (linkdown|dead)//g; s/ expires [0-9]+sec//' | grep -v 'dev veth\|^[a-z ]*f[ef][0-9a-f]*:.* dev docker0 ' | sort
section rules
{ ip rule; ip -6 rule; } | sort
section neighbours
ip neigh show nud permanent | sort
section fdb
bridge fdb show | plain | grep permanent | grep -v 'dev veth' | grep -v '^33:33\|^01:00:5e' | sort
# Docker 28 leaves its empty table `raw` behind until the next boot; a rule in it would still be shown.
section nft
nft -s list ruleset | grep -Ev '^#|^table ip6? raw|hook (prerouting|output) priority raw; policy accept'
section iptables
{ iptables-save; ip6tables-save; } 2>/dev/null | sed -E 's/\[[0-9]+:[0-9]+\]//; /^#/d; /^\*raw$/d'
section sysctl
grep -rs '' /proc/sys/net | grep -Ev 'nf_conntrack_count|fastopen_key|stable_secret|random|veth|/route/flush|inet_peer|base_reachable_time_ms' | sort
section modules
cut -d' ' -f1 /proc/modules | sort
section files
find /etc /usr/local /var/lib/crosshost -xdev \( -type f -o -type l \) ! -path '/etc/docker/key.json' ! -path '/etc/resolv.conf' ! -path '/etc/mtab' -print0 2>/dev/null | sort -z | xargs -0 -r sha256sum 2>/dev/null
find /etc /usr/local /var/lib/crosshost /run/crosshost -xdev -type d 2>/dev/null | sort
section units
systemctl list-units --all --plain --no-legend 'crosshost*' 2>/dev/null
systemctl --failed --plain --no-legend 2>/dev/null
