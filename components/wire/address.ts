import { Address4 } from "ip-address";

/** An IPv4 network in CIDR notation without host bits, as `10.42.0.0/16`. */
export type Cidr = string;

export function isAddress(text: string): boolean {
    return !text.includes("/") && Address4.isValid(text);
}

/** `192.168.40.50/24`, as an interface has it. */
export function isAddressWithPrefix(text: string): boolean {
    return /^[^/]+\/\d+$/.test(text) && Address4.isValid(text);
}

/** Why `text` is no network, or undefined when it is one. */
export function cidrProblem(text: string): string | undefined {
    if (!/^[^/]+\/\d+$/.test(text) || !Address4.isValid(text)) {
        return "is not an IPv4 network in CIDR notation, such as 10.42.0.0/16";
    }
    const network = networkOf(text);
    return network === text ? undefined : `has host bits set: write ${network}`;
}

/** The network that an address with a prefix length lies in. */
export function networkOf(addressWithPrefix: string): Cidr {
    const parsed = new Address4(addressWithPrefix);
    return `${parsed.startAddress().correctForm()}/${parsed.subnetMask}`;
}

export function prefixOf(cidr: Cidr): number {
    return new Address4(cidr).subnetMask;
}

export function contains(outer: Cidr, inner: string): boolean {
    return new Address4(inner).isInSubnet(new Address4(outer));
}

export function overlap(a: Cidr, b: Cidr): boolean {
    return contains(a, b) || contains(b, a);
}

/** Number `index` of the networks of length `prefix` that `cidr` is made of; 0 is the first. */
export function subnet(cidr: Cidr, prefix: number, index: number): Cidr {
    const size = 2n ** BigInt(32 - prefix);
    const base = new Address4(cidr).startAddress().bigInt();
    return `${Address4.fromBigInt(base + BigInt(index) * size).correctForm()}/${prefix}`;
}

/** The address at a distance from the network's own (which is 0). */
export function addressAt(cidr: Cidr, offset: number): string {
    return Address4.fromBigInt(
        new Address4(cidr).startAddress().bigInt() + BigInt(offset),
    ).correctForm();
}

/** The distance of an address from the network's own. */
export function offsetOf(cidr: Cidr, address: string): number {
    return Number(new Address4(address).bigInt() - new Address4(cidr).startAddress().bigInt());
}

export function networkAddress(cidr: Cidr): string {
    return addressAt(cidr, 0);
}

export function broadcastAddress(cidr: Cidr): string {
    return new Address4(cidr).endAddress().correctForm();
}

/** How many addresses the network spans, its own and the broadcast address among them. */
export function sizeOf(cidr: Cidr): number {
    return 2 ** (32 - prefixOf(cidr));
}
