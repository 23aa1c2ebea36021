// What a Host, or a network in place of docker0, sets in Docker's daemon.json, against what is there.
import { contains, networkOf, overlap } from "../wire/address";
import { daemonKeysOf, DOCKER_FIELDS, isDaemonEntry } from "../entries/daemon/daemon";
import { type Facts } from "../facts/clouds";
import { seenContainers } from "../facts/containers";
import { isOlder, listed, type Misfits, ownerText, targetOf, wordAfter } from "../facts/words";
import { type Entry } from "../wire/unit";
import { cutOff } from "./lockout";

export interface DaemonMisfits extends Misfits {
    /** What is to happen, and harms nobody. */
    readonly notes: readonly string[];
}

/** `own`: the unit, `STACK:host` or `STACK:bridge-lan1`. */
export function daemonMisfits(wanted: readonly Entry[], own: string, facts: Facts): DaemonMisfits {
    const file = daemonFile(facts, own);
    const values = daemonKeysOf(wanted);
    const changed = changedFields(values, file, own);
    if (changed.length === 0 && values.size === 0) {
        return { errors: [], warnings: [], notes: [] };
    }
    const errors = [
        ...(isOfHost(own) ? unusable(facts) : broken(facts)),
        ...[...values].flatMap(([key, value]) => keyErrors(key, value, file, own, facts)),
        ...bipErrors(values.get("bip"), file, own, facts),
        ...bridgeErrors(changed, file, facts),
        ...poolErrors(values.get("default-address-pools"), own, facts),
    ];
    return errors.length > 0 || changed.length === 0
        ? { errors, warnings: [], notes: [] }
        : { errors, ...consequences(values, changed, file, wanted, facts) };
}

interface Field {
    /** As messages name it. */
    readonly name: string;
    readonly key: string;
    readonly reloads?: true;
}

interface DaemonFile {
    readonly path: string;
    /** What it says, by its keys, and the unit that has written it there. */
    readonly says: ReadonlyMap<string, { readonly holder: string; readonly words: string }>;
    /** Keys that this unit has written. */
    readonly ours: readonly string[];
}

function daemonFile(facts: Facts, own: string): DaemonFile {
    const says = new Map(
        listed(facts, "daemon-key").map(([key = "", holder = "", ...words]) => [
            key,
            { holder, words: words.join(" ") },
        ]),
    );
    const ours = [...says].filter(([, { holder }]) => holder === own).map(([key]) => key);
    return { path: facts.get("daemon-file")?.[0] ?? "/etc/docker/daemon.json", says, ours };
}

/** Of a network, the argument that has Docker's default network on it. */
function argumentOf(key: string, own: string): string {
    return isOfHost(own) ? `docker.${nameOf(key, own)}` : `defaultNetwork: ${key}`;
}

function isOfHost(own: string): boolean {
    return own.endsWith(":host");
}

function nameOf(key: string, own: string): string {
    return isOfHost(own) ? (DOCKER_FIELDS.find((one) => one.key === key)?.field ?? key) : key;
}

function changedFields(
    values: ReadonlyMap<string, string>,
    { says, ours }: DaemonFile,
    own: string,
): Field[] {
    const order = isOfHost(own) ? DOCKER_FIELDS.map(({ key }) => key) : [];
    return [...new Set([...order, ...values.keys(), ...ours])]
        .filter((key) =>
            values.has(key) ? says.get(key)?.words !== values.get(key) : ours.includes(key),
        )
        .map((key) => {
            const { reloads } = DOCKER_FIELDS.find((one) => one.key === key) ?? {};
            return { name: nameOf(key, own), key, reloads };
        });
}

// ---- why it cannot be

function unusable(facts: Facts): string[] {
    const engine = facts.get("docker")?.[0];
    const service = facts.get("docker-service")?.[0];
    if (engine === "none") {
        return [
            "docker: Docker is not installed there: apt install docker.io, or https://get.docker.com",
        ];
    }
    if (service !== undefined) {
        return [
            `docker: Docker runs as ${service} there, so docker.service cannot be restarted: add that name (Alias=docker.service in its [Install], then systemctl reenable ${service})`,
        ];
    }
    return broken(facts);
}

function broken(facts: Facts): string[] {
    const why = facts.get("daemon-broken")?.[0];
    return why === undefined
        ? []
        : [`docker: ${facts.get("daemon-file")?.[0] ?? "daemon.json"} there is ${why}: correct it`];
}

function keyErrors(
    key: string,
    value: string,
    { path, says }: DaemonFile,
    own: string,
    facts: Facts,
): string[] {
    const { holder, words } = says.get(key) ?? { holder: own, words: value };
    const flag = listed(facts, "daemon-flag").find(([name]) => name === key);
    const said = isOfHost(own)
        ? `${argumentOf(key, own)}: "${value}"`
        : `${argumentOf(key, own)} "${value}"`;
    const errors = tooOld(key, own, facts);
    if (flag) {
        errors.push(
            `${said} is set by a flag already, ${flag.slice(1).join(" ")}: Docker takes no key from both: remove one of them`,
        );
    }
    if (holder !== own && holder !== "-") {
        errors.push(
            `${said} belongs to ${ownerText(holder)}, which has set ${words}: remove one of them`,
        );
    } else if (holder === "-" && words !== value) {
        errors.push(
            `${said} differs from what ${path} has there, ${key} ${words}, which Crosshost has not set: remove it from one of them`,
        );
    }
    return errors;
}

function tooOld(key: string, own: string, facts: Facts): string[] {
    const engine = facts.get("docker")?.[0];
    const { since } = DOCKER_FIELDS.find((one) => one.key === key) ?? {};
    return since !== undefined && engine !== undefined && isOlder(engine, since)
        ? [
              `${argumentOf(key, own)} needs Docker ${since.join(".")}, and there is ${engine}: leave it out`,
          ]
        : [];
}

/** Where docker0 has it, nothing of the host's may lie. */
function bipErrors(
    bip: string | undefined,
    { says }: DaemonFile,
    own: string,
    facts: Facts,
): string[] {
    if (bip === undefined) {
        return [];
    }
    const bridge = says.get("bridge")?.words;
    const network = networkOf(bip);
    const routes = (facts.get("route") ?? []).filter((route) => {
        const other = targetOf(route);
        const wider = contains(other, network) && other !== network && route.includes(" via ");
        return wordAfter(route, "dev") !== "docker0" && !wider && overlap(network, other);
    });
    return [
        ...(bridge === undefined
            ? []
            : [
                  `docker.bip: "${bip}" is of docker0, and daemon.json there has bridge ${bridge} in its place: remove one of them`,
              ]),
        ...routes.map(
            (route) => `docker.bip: "${bip}" overlaps the route ${route}: choose another`,
        ),
        ...cutOff(network, `docker.bip: "${bip}"`, "choose another", own, facts).errors,
    ];
}

/** Docker puts a network wherever the host has no route of its own, and the client may be behind the default one. */
function poolErrors(pools: string | undefined, own: string, facts: Facts): string[] {
    const bases = pools?.split(", ").map((pool) => wordAfter(pool, "base")) ?? [];
    return bases.flatMap(
        (base, at) =>
            cutOff(
                base,
                `docker.defaultAddressPools[${at}].base: "${base}"`,
                "choose another",
                own,
                facts,
            ).errors,
    );
}

/** In place of docker0, which has an address of its own where the admin says one, and stays as long as containers that live on. */
function bridgeErrors(changed: readonly Field[], { says }: DaemonFile, facts: Facts): string[] {
    if (changed.every(({ key }) => key !== "bridge")) {
        return [];
    }
    const bip = says.get("bip")?.words;
    const lives = says.get("live-restore")?.words === "true";
    const running = runningIn(facts);
    return [
        ...(bip === undefined
            ? []
            : [`defaultNetwork: daemon.json there has bip ${bip}, of docker0: remove one of them`]),
        ...(lives && running.length > 0
            ? [
                  `defaultNetwork: with live-restore, Docker keeps its default network for as long as a container runs: stop ${running.join(", ")}, or set live-restore to false first`,
              ]
            : []),
    ];
}

function runningIn(facts: Facts): string[] {
    return (seenContainers(facts) ?? [])
        .filter(({ state }) => state === "running")
        .map(({ name }) => name)
        .sort();
}

// ---- what it does

const OF_DOCKER0: readonly string[] = ["bip", "fixed-cidr", "default-gateway", "mtu"];

function consequences(
    values: ReadonlyMap<string, string>,
    changed: readonly Field[],
    { says }: DaemonFile,
    wanted: readonly Entry[],
    facts: Facts,
): Pick<DaemonMisfits, "warnings" | "notes"> {
    const running = runningIn(facts);
    const restarts = changed.filter(({ reloads }) => reloads !== true);
    const named = (fields: readonly Field[]) => fields.map(({ name }) => name).join(", ");
    const tried = triedBefore(wanted, facts);
    if (restarts.length === 0) {
        return {
            warnings: tried,
            notes: [`this \`up\` has Docker reload ${named(changed)}: no container stops`],
        };
    }
    const lives = [says.get("live-restore")?.words, values.get("live-restore")].includes("true");
    const restart = `this \`up\` restarts Docker there, for ${named(restarts)}`;
    if (running.length === 0) {
        return { warnings: tried, notes: [`${restart}: no container runs`] };
    }
    if (!lives) {
        const all = running.length > 1 ? "containers" : "container";
        const moves = restarts.some(({ key }) => key === "bridge");
        return {
            warnings: [
                ...tried,
                `${restart}, which stops and starts the ${all} ${running.join(", ")}${moves ? ", which get other addresses" : ": with liveRestore they run on"}`,
            ],
            notes: [],
        };
    }
    const later = restarts.filter(({ key }) => OF_DOCKER0.includes(key));
    return {
        warnings:
            later.length === 0
                ? tried
                : [
                      ...tried,
                      `${named(later)} will not change docker0 as long as containers run: with liveRestore Docker keeps it until it starts without any`,
                  ],
        notes: [`${restart}: with liveRestore containers run on`],
    };
}

/** Of the same settings, the last time. */
function triedBefore(wanted: readonly Entry[], facts: Facts): string[] {
    const tried = facts.get("daemon-tried") ?? [];
    const said = tried.find((line) => line.startsWith("said "))?.slice("said ".length);
    const lines = wanted.filter(isDaemonEntry).map(({ key, value }) => `${key}: ${value}`);
    const same = lines.length > 0 && lines.every((line) => tried.includes(line));
    return said !== undefined && same && tried.length === lines.length + 1
        ? [
              `Docker did not take these settings when they were last tried, and runs with the former ones: ${said}`,
          ]
        : [];
}
