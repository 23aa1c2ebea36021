import fc from "fast-check";
import { layOut } from "../../cli/graph/layout";
import { mermaidOf } from "../../cli/graph/mermaid";
import { pageOf } from "../../cli/graph/page";
import { type Box, cut, type Scene } from "../../cli/graph/scene";
import { topologyOf } from "../../cli/topology";
import { attachment, bridge, encrypted, host, many, overlay, stateOf, twelve } from "./states";

type Resources = Parameters<typeof stateOf>[0];

const LONG = "a-name-that-somebody-chose-who-has-a-lot-of-time-and-no-line-to-fit-it-into";

function scene(resources: Resources): Scene {
    return layOut(topologyOf(stateOf(resources)));
}

function overlapping<T extends Box>(boxes: readonly T[]): [T, T][] {
    return boxes.flatMap((a, at) =>
        boxes
            .slice(at + 1)
            .filter(
                (b) =>
                    a.x < b.x + b.width &&
                    b.x < a.x + a.width &&
                    a.y < b.y + b.height &&
                    b.y < a.y + a.height,
            )
            .map((b): [T, T] => [a, b]),
    );
}

function holds(outer: Box, inner: Box): boolean {
    return (
        outer.x <= inner.x &&
        outer.y <= inner.y &&
        inner.x + inner.width <= outer.x + outer.width &&
        inner.y + inner.height <= outer.y + outer.height
    );
}

/** What must hold of every picture. */
function expectSound({ width, height, frames, labels, stretches }: Scene): void {
    const page = { x: 0, y: 0, width, height };
    const hosts = frames.filter(({ role }) => role === "host");
    const containers = frames.filter(({ role }) => role === "container");
    expect(overlapping(labels)).toEqual([]);
    expect(overlapping(hosts)).toEqual([]);
    expect(overlapping(containers)).toEqual([]);
    expect([...frames, ...labels].filter((box) => !holds(page, box))).toEqual([]);
    expect(containers.filter((box) => !hosts.some((one) => holds(one, box)))).toEqual([]);
    const cutThrough = stretches.filter(({ x1, y1, x2, y2 }) =>
        labels.some(
            ({ x, y, width: w, height: h }) =>
                Math.min(x1, x2) < x + w &&
                Math.max(x1, x2) > x &&
                Math.min(y1, y2) < y + h &&
                Math.max(y1, y2) > y,
        ),
    );
    expect(cutThrough).toEqual([]);
}

const texts = ({ labels }: Scene) => labels.map(({ whole }) => whole.replace(/ +/g, " "));

describe("a picture", () => {
    test("of twelve containers on three hosts says all of them", () => {
        const drawn = scene(twelve());
        expectSound(drawn);
        expect(texts(drawn).slice(0, 8)).toEqual([
            "lan, macvlan bridge, 192.168.40.0/24, MTU 1500",
            "mesh, overlay vxlan, 10.42.0.0/16, MTU 1450",
            "vm1",
            "192.168.40.11",
            "lan 192.168.40.0/24",
            "mesh 10.42.1.0/24",
            "inner-1 10.60.0.0/24 MTU 1500",
            "cache-1",
        ]);
        expect(drawn.frames.filter(({ role }) => role === "container")).toHaveLength(12);
    });

    test("of a hundred hosts is sound, in rows that a screen can show", () => {
        const drawn = scene(many(100));
        expectSound(drawn);
        expect(drawn.frames.filter(({ role }) => role === "host")).toHaveLength(100);
        expect(drawn.width).toBeLessThan(2400);
    });

    test("has a dot for each place of a network, and for each container on it", () => {
        const mesh = overlay("mesh", ["vm1", "vm2"]);
        const a = attachment("a", "vm1", mesh, "10.42.1.9");
        const { dots } = scene([...host("vm1", 11), ...host("vm2", 12), mesh, a]);
        // The title, the row's beginning, two hosts from above, two places, one container.
        expect(dots).toHaveLength(7);
    });

    test("cuts names that are too long, and keeps both ends", () => {
        expect(cut("0123456789", 10)).toBe("0123456789");
        expect(cut("0123456789", 7)).toBe("012…789");
        const drawn = scene([
            ...host(LONG, 11),
            bridge(LONG, LONG, "10.60.0.0/24"),
            ...host("vm2", 12),
        ]);
        expectSound(drawn);
        expect(drawn.width).toBeLessThan(1000);
        expect(texts(drawn)).toContain(LONG);
    });

    test("of hosts alone, of one that is no more, of one whose address is a secret", () => {
        const drawn = scene([
            ...host("vm1", 11),
            ...host("vm2", 12, { gone: true }),
            ...host("vm3", 13, { address: encrypted() }),
        ]);
        expectSound(drawn);
        expect(texts(drawn)).toEqual(["vm1", "192.168.40.11", "vm2", "gone", "vm3", "[secret]"]);
    });

    test("has no overlap, whatever there is and whatever it is called", () => {
        const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 });
        const shape = fc.record({
            hosts: fc.uniqueArray(name, { minLength: 1, maxLength: 9 }),
            overlays: fc.uniqueArray(name, { maxLength: 4 }),
            bridges: fc.uniqueArray(name, { maxLength: 4 }),
            containers: fc.uniqueArray(name, { maxLength: 9 }),
        });
        fc.assert(
            fc.property(shape, ({ hosts, overlays, bridges, containers }) => {
                const [first = ""] = hosts;
                const spanning = overlays.map((one, at) => overlay(one, hosts, `10.${at}.0.0/16`));
                const own = bridges.map((one, at) =>
                    bridge(one, first, `10.60.${at}.0/24`, `b${at}`),
                );
                const joined = containers.flatMap((one, at) =>
                    [...spanning, ...own].slice(0, 1).map((net) =>
                        attachment(one, first, net, `10.0.1.${at + 2}`, {
                            containerName: `c${at % 3}`,
                            aliases: [],
                        }),
                    ),
                );
                expectSound(
                    scene([
                        ...hosts.flatMap((one, at) => host(one, at + 1)),
                        ...spanning,
                        ...own,
                        ...joined,
                    ]),
                );
            }),
            { numRuns: 60 },
        );
    });
});

describe("a page", () => {
    const page = (resources: Resources) => {
        const topology = topologyOf(stateOf(resources));
        return pageOf(topology, layOut(topology));
    };

    test("needs nothing from anywhere else, and knows light and dark", () => {
        const text = page(twelve());
        expect(text).not.toMatch(
            /https?:(?!\/\/www\.w3\.org\/2000\/svg)|<script|<link|@import|url\(/,
        );
        expect(text).toContain("prefers-color-scheme: dark");
    });

    test("holds names as text, whatever is in them", () => {
        const text = page(host('<script>alert("1")</script>\u0007&', 11));
        expect(text).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;\ufffd&amp;");
        expect(text).not.toContain("<script");
    });

    test("holds no secret of the state, and no mark of one", () => {
        const text = page(twelve());
        expect(text).not.toContain("ciphertext");
        expect(text).not.toContain("PRIVATE");
    });
});

describe("Mermaid's text", () => {
    const mermaid = (resources: Resources) => mermaidOf(topologyOf(stateOf(resources)));

    test("has hosts as groups, networks, containers with their addresses, and lines between them", () => {
        const mesh = overlay("mesh", ["vm1", "vm2"]);
        const lan = bridge("lan", "vm1", "10.60.0.0/24");
        const text = mermaid([
            ...host("vm1", 11),
            ...host("vm2", 12),
            mesh,
            lan,
            attachment("a", "vm1", mesh, "10.42.1.9"),
            attachment("a-lan", "vm1", lan, "10.60.0.9", { containerName: "a" }),
        ]);
        expect(text).toBe(`flowchart LR
    n1(["mesh, overlay vxlan, 10.42.0.0/16, MTU 1450"])
    subgraph h0["vm1 192.168.40.11"]
        n0(["lan, bridge, 10.60.0.0/24, MTU 1500"])
        c0["a<br>10.60.0.9<br>10.42.1.9"]
    end
    subgraph h1["vm2 192.168.40.12"]
    end
    n1 --- h1
    n0 --- c0
    n1 --- c0
`);
    });

    test("writes what Mermaid would read as its own by numbers", () => {
        expect(mermaid(host('a"]#;<b>&', 11))).toContain(
            'h0["a#34;]#35;;#60;b#62;#38; 192.168.40.11"]',
        );
    });
});
