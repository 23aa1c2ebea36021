// The same topologies as people make them by hand from a tutorial: Docker's own bridge on each host, and between the hosts what flannel
// makes (vxlan, host-gw), or Docker's own macvlan. Scripts for bash on a host; each host is `own`, the other one `peer`.
import { type BackendArgs } from "../../components/overlay/backends/args";

/** One of the two hosts. */
export interface Side {
    readonly host: string;
    /** 1 or 2. */
    readonly number: number;
    /** On the LAN. */
    readonly address: string;
    readonly engine: string;
}

const IMAGE = "lan-registry:5000/busybox:1";
const VXLAN_OVERHEAD = 50;

export const OVERLAYS_BY_HAND: Readonly<
    Partial<Record<keyof BackendArgs, (own: Side, peer: Side) => string>>
> = {
    vxlan: (own, peer) => `${bridge(own, 1500 - VXLAN_OVERHEAD)}
        ip link add flannel.1 address ${mac(own)} mtu ${1500 - VXLAN_OVERHEAD} type vxlan id 1 local ${own.address} dstport 8472 nolearning
        ip addr add ${subnet(own)}.0/32 dev flannel.1
        ip link set flannel.1 up
        ip route add ${subnet(peer)}.0/24 via ${subnet(peer)}.0 dev flannel.1 onlink
        ip neigh add ${subnet(peer)}.0 lladdr ${mac(peer)} dev flannel.1 nud permanent
        bridge fdb add ${mac(peer)} dev flannel.1 dst ${peer.address}
        ${container(own)}`,
    direct: (own, peer) => `${bridge(own, 1500)}
        ip route add ${subnet(peer)}.0/24 via ${peer.address}
        ${container(own)}`,
};

/** On the lab's LAN everything from .200 up is free. */
export function macvlanByHand({ address, number }: Side): string {
    const lan = address.split(".").slice(0, 3).join(".");
    return `docker network create -d macvlan --subnet ${lan}.0/24 -o parent=eth0 byhand
        ${run(`${lan}.${200 + number}`)}`;
}

export function swarmManager({ address }: Side): string {
    return `docker swarm init --advertise-addr ${address} >&2
        docker network create -d overlay --attachable byhand >&2
        ${run()} >&2
        docker swarm join-token -q worker`;
}

export function swarmWorker(token: string, own: Side, manager: Side): string {
    return `docker swarm join --advertise-addr ${own.address} --token ${token.trim()} ${manager.address}:2377
        ${run()}`;
}

/** With the two rules that flannel adds for its network: let it pass, and do not masquerade within it. */
function bridge(own: Side, mtu: number): string {
    const options = [
        "bridge.name=byhand0",
        "bridge.enable_ip_masquerade=false",
        `driver.mtu=${mtu}`,
        ...(Number.parseInt(own.engine) >= 28 ? ["bridge.gateway_mode_ipv4=nat-unprotected"] : []),
    ].map((option) => `-o com.docker.network.${option}`);
    return `set -e
        docker network create -d bridge --subnet ${subnet(own)}.0/24 ${options.join(" ")} byhand
        iptables -I DOCKER-USER -s 10.88.0.0/16 -d 10.88.0.0/16 -j ACCEPT
        iptables -t nat -A POSTROUTING -s ${subnet(own)}.0/24 ! -d 10.88.0.0/16 -j MASQUERADE`;
}

function container(own: Side): string {
    return run(`${subnet(own)}.10`);
}

function run(address?: string): string {
    const ip = address === undefined ? "" : `--ip ${address}`;
    return `docker run -d --name byhand --network byhand ${ip} ${IMAGE}`;
}

function subnet({ number }: Side): string {
    return `10.88.${number}`;
}

function mac({ number }: Side): string {
    return `02:88:00:00:00:0${number}`;
}
