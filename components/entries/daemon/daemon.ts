import { entry, type Entry, type Unit } from "../../wire/unit";
import { word } from "../../facts/words";

/** A value of daemon.json, as far as units write any. */
export type DaemonValue =
    | string
    | number
    | boolean
    | readonly string[]
    | readonly { readonly base: string; readonly size: number }[];

interface DockerField<Field extends string> {
    /** As programs write it: `docker.fixedCidr` of a Host. */
    readonly field: Field;
    /** As daemon.json has it. */
    readonly key: string;
    /** The first engine that knows it, where not all do that are supported. */
    readonly since?: readonly [major: number, minor: number];
    /** Docker takes it over while it runs; for any other it has to start anew. */
    readonly reloads?: true;
}

export const DOCKER_FIELDS = [
    named("bip", "bip"),
    named("fixedCidr", "fixed-cidr"),
    named("defaultGateway", "default-gateway"),
    named("mtu", "mtu"),
    named("defaultAddressPools", "default-address-pools"),
    named("liveRestore", "live-restore", { reloads: true }),
    named("userlandProxy", "userland-proxy"),
    named("iptables", "iptables"),
    named("dns", "dns"),
    named("logDriver", "log-driver"),
    named("registryMirrors", "registry-mirrors", { reloads: true }),
    named("insecureRegistries", "insecure-registries", { reloads: true }),
    named("allowDirectRouting", "allow-direct-routing", { since: [28, 2] }),
    named("ipForwardNoDrop", "ip-forward-no-drop", { since: [28, 0] }),
    named("firewallBackend", "firewall-backend", { since: [29, 0] }),
];

function named<Field extends string>(
    field: Field,
    key: string,
    more: Pick<DockerField<Field>, "since" | "reloads"> = {},
): DockerField<Field> {
    return { field, key, ...more };
}

/** A bridge of ours in place of docker0. Packets of its containers leave it with their own addresses. */
export function defaultNetworkEntries(
    link: string,
    { ipRange, mtu }: { readonly ipRange: string; readonly mtu: number },
): Entry[] {
    return [
        daemonEntry("bridge", link),
        daemonEntry("fixed-cidr", ipRange),
        daemonEntry("ip-masq", false),
        daemonEntry("mtu", mtu),
    ];
}

/** A key of Docker's daemon.json, by Docker's name of it. */
export function daemonEntry(key: string, value: DaemonValue): Entry {
    return entry(`daemon ${key}`, wordsOf(value));
}

export function isDaemonEntry({ key }: Entry): boolean {
    return key.startsWith("daemon ");
}

/** Whether the unit's bridge is there for docker0. */
export function isInPlaceOfDocker0(unit: Unit): boolean {
    return daemonKeysOf(unit).has("bridge");
}

/** By Docker's names of the keys. */
export function daemonKeysOf(unit: Unit): ReadonlyMap<string, string> {
    return new Map(unit.filter(isDaemonEntry).map(({ key, value }) => [word(key, 1), value]));
}

function wordsOf(value: DaemonValue): string {
    if (typeof value !== "object") {
        return String(value);
    }
    return value
        .map((one) => (typeof one === "string" ? one : `base ${one.base} size ${one.size}`))
        .join(", ");
}
