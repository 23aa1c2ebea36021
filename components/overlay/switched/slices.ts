// Who gives out which addresses of a subnet that all hosts share. Of 10.42.0.0/16:
//
//   10.42.0.1                     the gateway, the same on every host
//   10.42.0.0/18, the first quarter: Docker's automatic addresses, in slices
//       10.42.0.0/26  (number 0)  none
//       10.42.0.64/26 (number 1)  those of the host with id 1, and so on
//   10.42.64.0 to 10.42.255.254   for attachments, on any host
import { type HostNetwork, hostNetwork } from "../../network/hostNetwork";
import { type Parts } from "../../network/members";
import { broadcastAddress, type Cidr, networkAddress, prefixOf, subnet } from "../../wire/address";

/** The largest network that has a slice for one host. */
export const LONGEST_CIDR = 26;
const QUARTER_BITS = 2;
/** Slices for 255 hosts, as a /16 has subnets, as long as each has 8 addresses; 64 are enough, and make room for more hosts. */
const SLICE = { bits: 8, largest: 26, smallest: 29 };

export function switchedNetwork(network: string, cidr: Cidr, id: number): HostNetwork {
    const automatic = automaticRange(cidr);
    const reserved = {
        from: networkAddress(automatic),
        to: broadcastAddress(automatic),
        why: `lies in ${automatic}, of which the hosts' engines give out addresses by themselves`,
    };
    return {
        ...hostNetwork(network, cidr, { ipRange: subnet(cidr, slicePrefix(cidr), id) }),
        reserved: [reserved],
    };
}

export function slicesOf(cidr: Cidr): Parts {
    const last = 2 ** (slicePrefix(cidr) - prefixOf(automaticRange(cidr))) - 1;
    const parts = `${cidr} has slices 1 to ${last} of /${slicePrefix(cidr)} for automatic addresses`;
    return { last, parts, larger: "choose a larger cidr" };
}

function automaticRange(cidr: Cidr): Cidr {
    return subnet(cidr, prefixOf(cidr) + QUARTER_BITS, 0);
}

function slicePrefix(cidr: Cidr): number {
    const wanted = prefixOf(cidr) + QUARTER_BITS + SLICE.bits;
    return Math.min(Math.max(wanted, SLICE.largest), SLICE.smallest);
}
