import { bytesOf, sumOf } from "../../components/wire/mtu";

test("an overhead is a sum that can be read", () => {
    const overhead = { "outer IPv4": 20, UDP: 8, VXLAN: 8, "inner Ethernet": 14 };
    expect(bytesOf(overhead)).toBe(50);
    expect(sumOf(overhead)).toBe("20 (outer IPv4) + 8 (UDP) + 8 (VXLAN) + 14 (inner Ethernet)");
});
