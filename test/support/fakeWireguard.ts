// What `ip` and `wg` print on a host whose kernel has WireGuard.
import { STACK } from "./netns";

export const DEVICE = "wg-mesh-9078d";

/** `ip -d -o` of a host with the device. */
export const LINK = `5: ${DEVICE}: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1440 qdisc noqueue state UNKNOWN mode DEFAULT group 201 qlen 1000\\    link/none  promiscuity 0  allmulti 0 minmtu 0 maxmtu 2147483552 \\    wireguard addrgenmode none numtxqueues 1 \\    alias crosshost:${STACK}:mesh\n`;
export const BEFORE = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default qlen 1000\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0
`;
export const ROUTE = `unicast 10.42.2.0/24 dev ${DEVICE} table main proto 201 scope link src 10.42.1.1 \n`;

/** As wg prints things; a public key is a digest of the private one. */
export const ITS_WG = `#!/bin/sh
case $1 in
    genkey) head -c 32 /dev/urandom | base64 ;;
    pubkey) printf %s "$(sha256sum | cut -c 1-32)" | base64 ;;
    show) cat $FAKES/wg/$2.$3 2>/dev/null || cat $FAKES/wg/$3 ;;
    set) echo "wg $*" >>$FAKES/steps; rm -rf $FAKES/wg; cp -r $FAKES/wg-whole $FAKES/wg ;;
esac
`;
