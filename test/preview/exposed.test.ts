import { exposureWarnings, parseExposed } from "../../components/preview/exposed";
import { entriesHash } from "../../components/facts/observation";
import { Claims, type HostPort, portsClash } from "../../components/wire/claims";
import { unitOf } from "../support/units";

const STACK = { project: "crosshost", stack: "demo" };
const TEXT = "docker container caddy: mode host\n";
const WEB: HostPort = { ip: "*", port: 80, protocol: "tcp" };
const FACTS = { docker: ["26.1.5"], listens: ["tcp 0.0.0.0 80 nginx 812"] };

interface Asked {
    readonly image?: string;
    readonly facts?: Readonly<Record<string, string[]>>;
    readonly there?: string;
    readonly ports?: Claims<HostPort>;
    /** Images of other attachments that do not say their ports either. */
    readonly beside?: readonly string[];
}

async function warned({ image, facts = FACTS, there, ports, beside = [] }: Asked) {
    const asked: string[] = [];
    const session = {
        name: "vm1",
        stack: STACK,
        ports: ports ?? new Claims<HostPort>(portsClash),
        silent: [["caddy", image ?? ""], ...beside.map((other, at) => [`beside${at}`, other])].map(
            ([attachment = "", its = ""]) => ({
                attachment,
                unit: `attachment-${attachment}`,
                image: its,
            }),
        ),
        exposedBy: (name: string) => {
            asked.push(name);
            return Promise.resolve(
                name.startsWith("caddy") ? [WEB, { ...WEB, port: 443 }] : [{ ...WEB, port: 5432 }],
            );
        },
    };
    const unit = {
        name: "attachment-caddy",
        wanted: unitOf(TEXT),
        ports: { container: "caddy", ports: [], image },
    };
    const units = there
        ? new Map([["attachment-caddy", { hash: entriesHash(there), said: [], drift: [] }]])
        : new Map<string, never>();
    const warnings = await exposureWarnings(session, unit, {
        facts: new Map(Object.entries(facts)),
        units,
    });
    return { warnings, asked };
}

const taken = (port: string, holder: string) =>
    `port ${port}, which the image caddy:2 exposes, is taken by ${holder}: stop it, or set listens to the ports that the container really listens on`;

test("ports that an image declares are told where something has them", async () => {
    expect(await warned({ image: "caddy:2" })).toEqual({
        warnings: [taken("80/tcp", "nginx (pid 812)")],
        asked: ["caddy:2"],
    });
});

test("and where another attachment of the program has them", async () => {
    const ports = new Claims<HostPort>(portsClash);
    ports.claim({ ...WEB, ip: "0.0.0.0", port: 443 }, "web");
    const { warnings } = await warned({ image: "caddy:2", ports });
    expect(warnings).toContain(taken("443/tcp", '"web" of this program'));
});

test("and where another does not say what it listens on either, but has the same image", async () => {
    const facts = { docker: ["26.1.5"] };
    const { warnings } = await warned({ image: "caddy:2", facts, beside: ["postgres", "caddy:2"] });
    expect(warnings).toEqual(
        ["80/tcp", "443/tcp"].map((port) => taken(port, '"beside1" of this program')),
    );
    expect((await warned({ image: "caddy:2", facts, beside: ["postgres"] })).warnings).toEqual([]);
});

test.each<[string, Asked]>([
    ["says what it listens on", {}],
    ["is there already", { image: "caddy:2", there: TEXT }],
    ["is for a host without Docker", { image: "caddy:2", facts: { docker: ["stopped"] } }],
])("no host is asked for a container that %s", async (_what, wanted) => {
    expect(await warned(wanted)).toEqual({ warnings: [], asked: [] });
});

test("what a host says is read: single ports and ranges", () => {
    expect(parseExposed("80/tcp\n53/udp\n8000-8001/tcp\n\nno port\n")).toEqual([
        WEB,
        { ip: "*", port: 53, protocol: "udp" },
        { ip: "*", port: 8000, protocol: "tcp" },
        { ip: "*", port: 8001, protocol: "tcp" },
    ]);
});
