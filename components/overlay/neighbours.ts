// What hosts tell of the link between them, for backends that send to the peers' own addresses.
import { contains } from "../wire/address";
import { type CloudName, cloudOf, CLOUDS, type Facts } from "../facts/clouds";
import { type Problem } from "../wire/problem";

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
                const message = `${place(one)} and ${place(other)} share no link, which direct routes need: use { vxlan: {} }`;
                return { path: "backend", message };
            }),
    );
}

/** What has to be switched off where a cloud takes containers' packets for forged: a line each. */
export function cloudNotes(cidr: string, told: ReadonlyMap<string, Facts>): string[] {
    return CLOUDS.flatMap((name) => {
        const hosts = [...told].filter(([, facts]) => cloudOf(facts) === name);
        const where = `${hosts.map(([host]) => host).join(", ")}: ${name} may drop packets that carry containers' addresses`;
        return hosts.length > 0 ? [`${where}; ${WAYS[name](cidr)}`] : [];
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

const by = (command: string) => () => `\`${command}\` turns that off`;
const unknown = () =>
    "there is no known way to turn that off: if pings are lost, use { vxlan: {} }";

const WAYS: Readonly<Record<CloudName, (cidr: string) => string>> = {
    "Amazon EC2": by("aws ec2 modify-instance-attribute --no-source-dest-check --instance-id ID"),
    "Google Cloud": by("gcloud compute instances create NAME --can-ip-forward"),
    Azure: by("az network nic update --ip-forwarding true --ids ID"),
    "Oracle Cloud": by("oci network vnic update --skip-source-dest-check true --vnic-id ID"),
    OpenStack: (cidr) => by(`openstack port set --allowed-address ip-address=${cidr} PORT`)(),
    DigitalOcean: unknown,
    "Hetzner Cloud": unknown,
};
