/** A bridge that takes a NIC, as the plan of a Bridge with an uplink has it. */
export const BRIDGE = "br-lan-3fa9c";
export const LAN = `link ${BRIDGE}: bridge forward_delay 0\nuplink eth0: bridge ${BRIDGE}\n`;

/** Both families, secondaries, names, lifetimes, metrics, tables, and routes that need each other. */
export const RICH = `
for f in all default eth0; do echo 0 >/proc/sys/net/ipv6/conf/$f/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/$f/disable_ipv6; done
echo 1 >/proc/sys/net/ipv6/conf/peer0/disable_ipv6
ip link set eth0 mtu 1400
ip -batch - <<.
addr add 192.168.40.12/24 brd + label eth0:1 dev eth0
addr add 10.9.0.1/16 metric 300 dev eth0
addr add 10.8.0.1/16 noprefixroute dev eth0
addr add 2001:db8::11/64 nodad dev eth0
addr add 2001:db8::12/64 nodad valid_lft 3600 preferred_lft 0 dev eth0
addr add 2001:db8:1::11/64 nodad noprefixroute dev eth0
route add 10.8.0.0/16 dev eth0 proto kernel scope link src 10.8.0.1 metric 700
route add default via 192.168.40.2 dev eth0 proto dhcp src 192.168.40.11 metric 1024
route add 169.254.1.1 dev eth0 scope link proto static
route add 172.30.0.0/16 via 169.254.1.1 dev eth0 proto static mtu 1300
route add 172.31.0.0/16 proto 77 metric 50 nexthop via 192.168.40.3 dev eth0 weight 2 nexthop via 192.168.40.4 dev eth0
route add default via 192.168.40.1 dev eth0 table 100
route add 192.168.40.0/24 dev eth0 table 100
route add 192.168.77.0/24 via 10.77.0.1 dev eth0 onlink
route add 2001:db8:2::/48 via 2001:db8::1 dev eth0 proto static metric 10
route add ::/0 via fe80::1 dev eth0 proto ra metric 1024 expires 1700
route add 2001:db8:1::/64 dev eth0 proto kernel metric 99
rule add from 192.168.40.11 lookup 100
.
sysctl -q net.ipv4.conf.eth0.rp_filter=2 net.ipv6.conf.eth0.accept_ra=0
mkdir -p -m 0700 /run/crosshost
until ip -6 route show table local dev eth0 | grep -q 'local fe80'; do sleep 0.02; done
`;
