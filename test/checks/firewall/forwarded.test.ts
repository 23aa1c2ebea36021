import { BRIDGE, OPENS, toldOf } from "./told";

describe("a chain that drops what is forwarded", () => {
    const forward = (...rules: string[]) => `table inet filter {
        chain forward {
            type filter hook forward priority filter; policy drop;
            ${rules.join("\n")}
        }
    }`;
    const BY = "its firewall (chain forward of table inet filter) drops";

    test("with the rules that let through all that a bridge is for", () => {
        const [text = "", ...more] = toldOf(BRIDGE, [["bridges", ["filtered"]]], forward());
        expect(more).toEqual([]);
        expect(text).toBe(
            `${BY} traffic that leaves br-lan, and traffic to published ports behind br-lan, and traffic between containers on br-lan; ${OPENS}:
    nft insert rule inet filter forward iifname "br-lan" accept
    nft insert rule inet filter forward oifname "br-lan" ct state established,related accept
    nft insert rule inet filter forward oifname "br-lan" ct status dnat accept
    nft insert rule inet filter forward iifname "br-lan" ct state established,related accept
    nft insert rule inet filter forward iifname "br-lan" oifname "br-lan" accept`,
        );
        const rules = [...text.matchAll(/forward (.* accept)$/gm)].map(([, rule = ""]) => rule);
        expect(toldOf(BRIDGE, [["bridges", ["filtered"]]], forward(...rules))).toEqual([]);
    });

    test("that lets out, and no answers in", () => {
        const told = toldOf(
            BRIDGE,
            [],
            forward('iifname "br-lan" accept', "ct status dnat accept"),
        );
        expect(told).toEqual([
            `${BY} traffic that leaves br-lan; ${OPENS}:
    nft insert rule inet filter forward iifname "br-lan" accept
    nft insert rule inet filter forward oifname "br-lan" ct state established,related accept`,
        ]);
    });

    test("but for pings, and what is asked of it by UDP, as ufw does", () => {
        const told = toldOf(
            BRIDGE,
            [],
            forward(
                "ct state established,related accept",
                "meta l4proto icmp icmp type echo-request accept",
                "ip protocol icmp accept",
                "meta l4proto udp accept",
                "udp dport 53 accept",
            ),
        );
        expect(told).toHaveLength(1);
        expect(told[0]).toContain(
            `${BY} traffic that leaves br-lan, and traffic to published ports behind br-lan; `,
        );
        expect(toldOf(BRIDGE, [], forward("meta l4proto tcp accept"))).toEqual([]);
        expect(toldOf(BRIDGE, [], forward("tcp dport 80 accept"))).toEqual([]); // who knows
    });
});
