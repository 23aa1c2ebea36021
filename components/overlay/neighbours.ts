// What hosts tell of the link between them, for backends that send to the peers' own addresses.
import { contains } from "../wire/address";
import { type Problem } from "../wire/problem";

export type Facts = ReadonlyMap<string, readonly string[]>;

/** Pairs of hosts that share no link, as far as one of them tells. */
export function linkProblems(
    underlays: Readonly<Record<string, string>>,
    told: ReadonlyMap<string, Facts>,
): Problem[] {
    const hosts = Object.entries(underlays);
    const place = ([host, address]: [string, string]) =>
        `${host} (${nicOf(told.get(host), address) ?? address})`;
    return hosts.flatMap((one, at) =>
        hosts
            .slice(at + 1)
            .filter((other) => apart(told, one, other) || apart(told, other, one))
            .map((other) => {
                const message = `${place(one)} and ${place(other)} share no link, which direct routes need: write { vxlan: {} }`;
                return { path: "backend", message };
            }),
    );
}

/** What has to be switched off where a cloud takes containers' packets for forged: a line each. */
export function cloudNotes(cidr: string, told: ReadonlyMap<string, Facts>): string[] {
    return CLOUDS.flatMap(({ name, is, way }) => {
        const hosts = [...told].filter(([, facts]) => is(facts)).map(([host]) => host);
        const where = `${hosts.join(", ")}: ${name} may drop packets that carry containers' addresses`;
        return hosts.length > 0 ? [`${where}; ${way(cidr)}`] : [];
    });
}

/** `on-link PREFIX NIC` is a fact of each route without a gateway; undefined: it says nothing. */
function apart(
    told: ReadonlyMap<string, Facts>,
    [host]: [string, string],
    [, address]: [string, string],
): boolean {
    const prefixes = told
        .get(host)
        ?.get("on-link")
        ?.map((fact) => fact.split(" ")[0] ?? "");
    return (
        prefixes !== undefined &&
        !prefixes.some((prefix) => prefix === "default" || contains(prefix, address))
    );
}

/** `eth0 192.168.40.11/24`, of the fact `address eth0 192.168.40.11/24 1500`. */
function nicOf(facts: Facts | undefined, address: string): string | undefined {
    return facts
        ?.get("address")
        ?.map((fact) => fact.split(" "))
        .find(([, prefixed]) => prefixed?.split("/")[0] === address)
        ?.slice(0, 2)
        .join(" ");
}

interface Cloud {
    readonly name: string;
    readonly is: (facts: Facts) => boolean;
    readonly way: (cidr: string) => string;
}

const vendor = (pattern: RegExp) => (facts: Facts) => pattern.test(facts.get("vendor")?.[0] ?? "");
/** Azure's vendor is Microsoft, as of any Hyper-V, and Oracle's QEMU: the asset tag tells. */
const chassis = (tag: string) => (facts: Facts) => facts.get("chassis")?.[0] === tag;
const by = (command: string) => () => `\`${command}\` stops that`;
const unknown = () => "no way is known to stop that: where pings are lost, write { vxlan: {} }";

const CLOUDS: readonly Cloud[] = [
    {
        name: "Amazon EC2",
        is: vendor(/^Amazon EC2/),
        way: by("aws ec2 modify-instance-attribute --no-source-dest-check --instance-id ID"),
    },
    {
        name: "Google Cloud",
        is: vendor(/^Google/),
        way: by("gcloud compute instances create NAME --can-ip-forward"),
    },
    {
        name: "Azure",
        is: chassis("7783-7084-3265-9085-8269-3286-77"),
        way: by("az network nic update --ip-forwarding true --ids ID"),
    },
    {
        name: "Oracle Cloud",
        is: chassis("OracleCloud.com"),
        way: by("oci network vnic update --skip-source-dest-check true --vnic-id ID"),
    },
    {
        name: "OpenStack",
        is: vendor(/^(OpenStack|Red Hat OpenStack)/),
        way: (cidr) => by(`openstack port set --allowed-address ip-address=${cidr} PORT`)(),
    },
    { name: "DigitalOcean", is: vendor(/^DigitalOcean/), way: unknown },
    { name: "Hetzner Cloud", is: vendor(/^Hetzner/), way: unknown },
];
