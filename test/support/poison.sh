#!/bin/sh
# Poisons entries of every unit on this host, one after the other, in a change of all that can be changed in it, so that the
# kernel, Docker or the check before them refuses it: those of Docker and its iptables, and each third of the others, beginning with number $1,
# as three hosts have one kernel. Says for each: exit status, whether the host is as before, unit, entry, and what was answered.
set -u
cd /var/lib/crosshost/*/units || exit 1
stack=$(basename "${PWD%/units}")
nftables=$(grep -o '"firewall-backend": "nftables"' /etc/docker/daemon.json)

# what a change can touch; an IPv6 address of a link that was made anew is still on trial for a second
state() {
    ip -o -d link show | sed -E 's/^[0-9]+: //; s/@if[0-9]+:/:/; s/ state [A-Z]+//; s/ (gc_timer|hello_timer|tcn_timer|topology_change_timer|bridge_id|designated_root|root_path_cost|root_port|fdb_n_learned|mcast_[a-z_]+)[ ]+[^ ]+//g; s/<[^>]*>//' | grep -v '^veth' | sort
    ip -4 -o addr show | sed -E 's/^[0-9]+: //' | sort
    ip -4 route show table all | grep -v 'dev veth' | sort
    ip neigh show nud permanent | sort
    bridge fdb show | grep -v 'dev veth' | grep ' dst ' | sort
    nft -s list ruleset 2>/dev/null
    iptables-save 2>/dev/null | sed -E 's/\[[0-9]+:[0-9]+\]//; /^#/d'
    cat /proc/sys/net/ipv4/ip_forward
    # shellcheck disable=SC2046 # split into words
    docker network inspect -f '{{.Name}} {{.Labels}} {{.Options}} {{.IPAM.Config}} {{range .Containers}}{{.Name}} {{.IPv4Address}} {{end}}' $(docker network ls -q) | sort
    find /etc/systemd/system /var/lib/crosshost /run/crosshost -type f ! -name '*.journal' -exec sha256sum {} + | sort
}

# the unit $2 with its line $1 spoilt
poisoned() {
    awk -v line="$1" '
        /^(drift .*|seen): / { next }
        NR != line {
            sub(/mtu 1450/, "mtu 1400")
            sub(/id [0-9]+ local/, "id 77 local")
        }
        NR == line {
            if (/^addr/) sub(/: .*/, ": scope 999")
            else if (/^docker network/) sub(/gateway [^ ]*/, "gateway 203.0.113.1")
            else if (/^docker endpoint/) sub(/ipv4 [^ ]*/, "ipv4 203.0.113.7")
            else if (/^fdb/) sub(/: .*/, ": dst 999.0.0.1")
            else if (/^iptables/) sub(/-j ACCEPT/, "-j NOSUCHTARGET")
            else if (/^link/) sub(/mtu [0-9]*/, "mtu 99999")
            else if (/^name /) sub(/: .*/, ": (wrong)")
            else if (/^neigh/) sub(/: .*/, ": lladdr 02:zz:00:00:00:01")
            else if (/^nft/) sub(/: .*/, ": gibberish")
            else if (/^route/) { sub(/via [^ ]*/, "via 203.0.113.9"); sub(/ onlink/, "") }
            else if (/^sysctl/) sub(/: .*/, ": no")
            else if (/^underlay/) sub(/: .*/, ": mtu 9999")
            else sub(/: .*/, ": wrong")
        }
        { print }' "$2"
}

# UNIT LINE KEY
try() {
    poisoned "$2" "$1" >/tmp/poisoned
    said=$(../crosshost apply "$stack" "$1" </tmp/poisoned 2>&1)
    status=$?
    state >/tmp/after
    same=same
    cmp -s /tmp/before /tmp/after || same=differs
    echo "$status $same unit $1 entry $3 says $(echo "$said" | tail -n 1)"
    [ $same = same ] || diff /tmp/before /tmp/after
}

state >/tmp/before
for unit in *; do
    number=0
    # shellcheck disable=SC2094 # it is only read
    while IFS= read -r line <&3; do
        number=$((number + 1))
        case $line in
            drift* | seen:* | owner:*) continue ;;
            docker*) ;;
            iptables*) [ -z "$nftables" ] || continue ;;
            *) [ $((number % 3)) = "$1" ] || continue ;;
        esac
        try "$unit" $number "${line%%: *}" </dev/null
    done 3<"$unit"
done
rm /tmp/poisoned /tmp/before /tmp/after
