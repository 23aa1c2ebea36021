#!/bin/bash
# All that Crosshost could leave behind on a host, as its programs print it; dump.ts makes it canonical.
export LC_ALL=C

# The kernel tries an IPv6 address for a second or two, where there is a carrier, before its routes come.
on_trial() {
    local device carrier
    while read -r _ device _; do
        read -r carrier <"/sys/class/net/$device/carrier"
        [ "$carrier" != 1 ] || return 0
    done 2>/dev/null < <(ip -6 -o addr show tentative)
    return 1
}
for ((tries = 50; tries > 0; tries--)); do
    on_trial || break
    sleep 0.1
done

echo '== links'
ip -o -d link show
echo '== addresses'
ip -o addr show
echo '== routes'
ip route show table all
ip -6 route show table all
echo '== rules'
ip rule
ip -6 rule
echo '== neighbours'
ip neigh show nud permanent
echo '== fdb'
bridge fdb show
echo '== nft'
nft -s list ruleset
echo '== iptables'
{ iptables-save; ip6tables-save; } 2>/dev/null
echo '== sysctl'
grep -rs --exclude-dir='veth*' '' /proc/sys/net
echo '== modules'
cat /proc/modules
echo '== files'
find /etc /usr/local /var/lib/crosshost /run/crosshost -xdev -type d -print \
    -o ! -path '/run/*' \( -type f -o -type l \) ! -path '/etc/docker/key.json' ! -path '/etc/resolv.conf' ! -path '/etc/mtab' \
    -exec sha256sum {} + 2>/dev/null
find /run/systemd/network /run/NetworkManager /var/lib/NetworkManager -type f \( -path '*crosshost*' -o -name '*-br-*.lease' \) 2>/dev/null
echo '== units'
systemctl list-units --all --plain --no-legend 'crosshost*' 2>/dev/null
systemctl --failed --plain --no-legend 2>/dev/null
