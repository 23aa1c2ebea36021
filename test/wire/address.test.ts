import fc from "fast-check";
import {
    addressAt,
    broadcastAddress,
    cidrProblem,
    contains,
    isAddress,
    networkAddress,
    networkOf,
    overlap,
    prefixOf,
    sizeOf,
    subnet,
} from "../../components/wire/address";

const anyCidr = fc
    .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
    .map(([address, prefix]) => networkOf(`${address}/${prefix}`));

/** The same question, answered by plain arithmetic. */
function range(cidr: string): [number, number] {
    const [address = "", prefix = ""] = cidr.split("/");
    const start = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    return [start, start + 2 ** (32 - Number(prefix)) - 1];
}

test.each([
    ["192.168.40.11", true],
    ["0.0.0.0", true],
    ["192.168.40.011", false],
    ["192.168.40", false],
    ["192.168.40.256", false],
    ["192.168.40.11/24", false],
    ["vm1.example", false],
    ["::1", false],
    ["", false],
    [" 10.0.0.1", false],
    ["10.0.0.1 ", false],
    ["0x0a.0.0.1", false],
    ["3232245771", false],
])("isAddress(%j) is %s", (text, expected) => {
    expect(isAddress(text)).toBe(expected);
});

test.each([
    ["10.42.0.0/16", undefined],
    ["0.0.0.0/0", undefined],
    ["10.42.1.0/16", "has host bits set: write 10.42.0.0/16"],
    ["10.42.0.0", "is not an IPv4 network in CIDR notation, such as 10.42.0.0/16"],
    ["10.42.0.0/33", "is not an IPv4 network in CIDR notation, such as 10.42.0.0/16"],
    ["10.42.0.0/", "is not an IPv4 network in CIDR notation, such as 10.42.0.0/16"],
    ["10.42.0.0/016", "is not an IPv4 network in CIDR notation, such as 10.42.0.0/16"],
    ["10.42.0.0/255.255.0.0", "is not an IPv4 network in CIDR notation, such as 10.42.0.0/16"],
    ["fd00::/64", "is not an IPv4 network in CIDR notation, such as 10.42.0.0/16"],
])("cidrProblem(%j)", (text, expected) => {
    expect(cidrProblem(text)).toBe(expected);
});

test("network and broadcast address, size and prefix", () => {
    expect(networkAddress("10.42.1.0/24")).toBe("10.42.1.0");
    expect(addressAt("10.42.1.0/24", 1)).toBe("10.42.1.1");
    expect(broadcastAddress("10.42.1.0/24")).toBe("10.42.1.255");
    expect(sizeOf("10.42.1.0/26")).toBe(64);
    expect(prefixOf("10.42.1.0/26")).toBe(26);
});

test("subnet number n is the cidr and n times its size, up to the end of the address space", () => {
    expect(subnet("10.42.0.0/16", 24, 1)).toBe("10.42.1.0/24");
    expect(subnet("10.42.0.0/16", 28, 17)).toBe("10.42.1.16/28");
    expect(subnet("255.255.0.0/16", 24, 255)).toBe("255.255.255.0/24");
});

test("contains and overlap agree with arithmetic for any two networks", () => {
    fc.assert(
        fc.property(anyCidr, anyCidr, (a, b) => {
            const [fromA, toA] = range(a);
            const [fromB, toB] = range(b);
            expect(contains(a, b)).toBe(fromA <= fromB && toB <= toA);
            expect(overlap(a, b)).toBe(fromA <= toB && fromB <= toA);
        }),
        { numRuns: 300 },
    );
});
