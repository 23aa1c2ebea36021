// checks/: why something does not fit a host that answered. Pure.
import { overlap, prefixOf } from "../wire/address";
import { type Facts } from "../facts/clouds";
import { interfaceMisfits, lanMisfits } from "./lan";
import { uplinkMisfits } from "./uplink";
import {
    isOlder,
    isStranger,
    listed,
    type Misfits,
    ownerText,
    targetOf,
    wordAfter,
} from "../facts/words";
import { holds, type Observation } from "../facts/observation";
import { partWarnings } from "./parts";
import { endpointMisfits, poolMisfits } from "./places";
import { cutOff } from "./lockout";
import { daemonMisfits } from "./daemon";
import { isDaemonEntry, isInPlaceOfDocker0 } from "../entries/daemon/daemon";
import { endpointsOf } from "../entries/endpoint/endpoint";
import { hasInterfaces } from "../entries/interface/interface";
import { hasDirectAccess } from "../entries/iptables/iptables";
import { linksOf, type WantedLink } from "../entries/link/link";
import { needsDocker, networksOf, type WantedNetwork } from "../entries/network/network";
import { hasRules } from "../entries/nft/nft";
import { rangesOf } from "../entries/range/range";
import { type Underlay, underlaysOf } from "../entries/underlay/underlay";
import { type Unit } from "../wire/unit";
import { udpMisfits } from "./udp";

/** A unit on its way to a host. */
export interface Coming {
    readonly stack: string;
    readonly name: string;
    readonly wanted: Unit;
    /** Of the kernel, that it cannot do without. */
    readonly modules?: readonly string[];
    /** Installed there. */
    readonly programs?: readonly string[];
}

/** Packages with a program that does what a module of the kernel does. */
const IN_PLACE_OF: Readonly<Record<string, string>> = { wireguard: "wireguard-go" };

/** What a package is called that brings a program. */
const PACKAGES: Readonly<Record<string, string>> = { wg: "wireguard-tools" };

/** The first engine whose networks behave as plans expect. */
const OLDEST_ENGINE = [20, 10] as const;

/**
 * Why a unit cannot be put on a host that answered. The converger refuses the same, but only in an
 * up; here a preview says it, before anything is touched.
 */
export function misfits(
    coming: Coming,
    observation: Pick<Observation, "facts" | "units">,
): Misfits {
    const { stack, name, wanted: unit, modules = [], programs = [] } = coming;
    const { facts } = observation;
    const own = `${stack}:${name}`;
    const ranges = rangesOf(unit);
    const leaves = isInPlaceOfDocker0(unit) ? "docker0" : undefined;
    const found = ranges.flatMap((range) => overlaps(range, leaves, own, facts));
    const lan = lanMisfits(unit, own, facts);
    const beside = interfaceMisfits(unit, facts);
    const uplink = uplinkMisfits(unit, facts);
    const daemon = daemonMisfits(unit.filter(isDaemonEntry), own, facts);
    const isThere = holds(observation, name, unit);
    const inStep = isInStep(observation, coming);
    const ssh = ranges.map((range) =>
        cutOff(range, `"${range}"`, "choose another network", own, facts),
    );
    return {
        errors: [
            ...underlaysOf(unit)
                .filter(({ link }) => link === undefined)
                .flatMap((wanted) => mtuMisfits(wanted, facts)),
            ...ssh.flatMap(({ errors }) => errors),
            ...found.filter(({ wide }) => !wide).map(({ text }) => text),
            ...linksOf(unit).flatMap((link) => linkMisfits(link, own, facts)),
            ...lacking(modules, facts),
            ...without(programs, facts),
            ...udpMisfits(unit, own, facts),
            ...lan.errors,
            ...beside.errors,
            ...uplink.errors,
            ...daemon.errors,
            ...closedMisfits(unit, facts),
            ...dockerMisfits(unit, own, facts),
            ...(found.length > 0
                ? []
                : networksOf(unit).flatMap((network) => poolMisfits(network, own, facts))),
            ...(hasRules(unit) ? nftMisfits(own, facts) : []),
        ],
        warnings: [
            ...found.filter(({ wide }) => wide).map(({ text }) => text),
            ...partWarnings(unit, facts),
            ...daemon.warnings,
            ...(isThere ? [] : [...lan.warnings, ...beside.warnings, ...uplink.warnings]),
            ...(inStep ? [] : replaced(modules, facts)),
            ...(inStep ? [] : ssh.flatMap(({ warnings }) => warnings)),
        ],
    };
}

/** Whether an `up` would find nothing to do for it. */
export function isInStep(
    observation: Pick<Observation, "units">,
    { name, wanted }: Pick<Coming, "name" | "wanted">,
): boolean {
    const isThere = holds(observation, name, wanted);
    return isThere && observation.units.get(name)?.drift.length === 0;
}

function mtuMisfits({ address: at, mtu: need }: Underlay, facts: Facts): string[] {
    const nic = listed(facts, "address").find(([, held]) => held?.split("/")[0] === at);
    const [name, address, mtu] = nic ?? [];
    return mtu !== undefined && Number(mtu) < need
        ? [
              `${name ?? ""}, which has ${address ?? ""}, carries ${mtu} bytes, but ${need} are needed: ` +
                  `set mtu: ${mtu} in the Host, and in the network one that fits`,
          ]
        : [];
}

/** `wide`: a route by a gateway, or into a tunnel, that holds ours too, and stays in use for the rest. */
function overlaps(
    range: string,
    leaves: string | undefined,
    own: string,
    facts: Facts,
): { wide: boolean; text: string }[] {
    const ranges = listed(facts, "range").filter(
        ([other = "", owner]) => owner !== own && overlap(range, other),
    );
    if (ranges.length > 0) {
        return ranges.map(([other = "", owner = ""]) => ({
            wide: false,
            text: `"${range}" overlaps ${other} of ${ownerText(owner)}: choose another network`,
        }));
    }
    const owners = new Map(listed(facts, "link").map(([link = "", , owner = ""]) => [link, owner]));
    const tunnels = facts.get("tunnel") ?? [];
    return (facts.get("route") ?? []).flatMap((route) => {
        const other = targetOf(route);
        if (!overlap(range, other) || wordAfter(route, "dev") === leaves) {
            return [];
        }
        const owner = owners.get(wordAfter(route, "dev")) ?? "-";
        const whose = owner.startsWith("crosshost:") ? ` of ${ownerText(owner)}` : "";
        const leadsAway = route.includes(" via ") || tunnels.includes(wordAfter(route, "dev"));
        const wide = prefixOf(other) < prefixOf(range) && leadsAway;
        const text = wide
            ? `"${range}" lies inside the existing route ${route}: addresses of "${range}" behind that route can no longer be reached from this host`
            : `"${range}" overlaps the route ${route}${whose}: choose another network`;
        return [{ wide, text }];
    });
}

function linkMisfits({ name, numbered, tunnel }: WantedLink, own: string, facts: Facts): string[] {
    const [, kind, owner = ""] = listed(facts, "link").find(([link]) => link === name) ?? [];
    if (kind !== undefined && isStranger(owner, own)) {
        return [
            `the link ${name} already exists, ${kind}, ${ownerText(owner)}: remove it (ip link del ${name}), or rename the component`,
        ];
    }
    return [
        ...(numbered ? numberMisfits(name, numbered, own, facts) : []),
        ...(tunnel ? tunnelMisfits(name, tunnel, own, facts) : []),
    ];
}

function numberMisfits(
    name: string,
    { kind, id, port }: NonNullable<WantedLink["numbered"]>,
    own: string,
    facts: Facts,
): string[] {
    const called = kind === "vxlan" ? "VXLAN" : "Geneve";
    return strangers(kind, name, own, facts)
        .filter(
            ([, theirs, theirPort]) => theirPort === port && (theirs === id || theirs === "all"),
        )
        .map((by) =>
            taken(`${called} ${id} on UDP port ${port}`, by, `backend.${kind}.vni or port`),
        );
}

/** What comes to the address, by whatever device, goes by the key alone, and IPIP has none. */
function tunnelMisfits(
    name: string,
    { kind, key, local }: NonNullable<WantedLink["tunnel"]>,
    own: string,
    facts: Facts,
): string[] {
    const [what, instead] =
        kind === "gre" ? [`GRE key ${key}`, "backend.gre.key"] : ["IPIP", "backend"];
    return strangers(kind, name, own, facts)
        .filter(([, theirs, at]) => theirs === key && (at === local || at === "any"))
        .map((by) => taken(`${what} at ${local}`, by, instead));
}

/** Devices of a kind that are not ours, in the words of their facts: name, two that tell their packets, and owner. */
function strangers(kind: string, name: string, own: string, facts: Facts): string[][] {
    return listed(facts, kind).filter(
        ([other, , , owner = ""]) => other !== name && isStranger(owner, own),
    );
}

function taken(what: string, by: readonly string[], instead: string): string {
    const [other = "", , , owner = ""] = by;
    return `${what} is taken by ${other}, ${ownerText(owner)}: choose another ${instead}`;
}

function lacking(modules: readonly string[], facts: Facts): string[] {
    return modules
        .filter((module) => facts.get("lacks")?.includes(module))
        .map(
            (module) =>
                `${kernelWithout(module, facts)}: install ${[...programsFor(module), "its extra modules (linux-modules-extra on Ubuntu)"].join(" or ")}, boot another, or choose another backend`,
        );
}

/** The host has the program, and no other way: it is used, and slower. */
function replaced(modules: readonly string[], facts: Facts): string[] {
    return modules
        .filter((module) => facts.get("replaced")?.includes(module))
        .map(
            (module) =>
                `${kernelWithout(module, facts)}: ${programsFor(module).join()} is used instead, which is slower`,
        );
}

function kernelWithout(module: string, facts: Facts): string {
    return `its kernel, ${facts.get("kernel")?.[0] ?? ""}, has no ${module}`;
}

function programsFor(module: string): string[] {
    const program = IN_PLACE_OF[module];
    return program === undefined ? [] : [program];
}

function without(programs: readonly string[], facts: Facts): string[] {
    return programs
        .filter((program) => facts.get("without")?.includes(program))
        .map(
            (program) =>
                `it has no program ${program}: apt install ${PACKAGES[program] ?? program}, or choose another backend`,
        );
}

function dockerMisfits(unit: Unit, own: string, facts: Facts): string[] {
    const engine = facts.get("docker")?.[0];
    const asksDocker = needsDocker(unit) || hasInterfaces(unit) || unit.some(isDaemonEntry);
    if (!asksDocker || engine === undefined) {
        return [];
    }
    if (engine === "none") {
        return ["Docker is not installed: apt install docker.io, or https://get.docker.com"];
    }
    const service = facts.get("docker-service")?.[0];
    if (service !== undefined) {
        return [
            `Docker runs as ${service} there, but the services that keep containers connected wait for docker.service: ` +
                `add that name (Alias=docker.service in its [Install], then systemctl reenable ${service})`,
        ];
    }
    if (engine === "stopped") {
        return ["Docker is not running: systemctl start docker"];
    }
    if (engine === "silent") {
        return ["Docker is not answering: systemctl status docker says why"];
    }
    return [
        ...ageMisfits(engine),
        ...networksOf(unit).flatMap((network) => networkMisfits(network, own, facts)),
        ...endpointsOf(unit).flatMap((endpoint) => endpointMisfits(endpoint, own, facts)),
    ];
}

/** By nftables Docker closes its default network to other hosts, and no rule of another's opens it. */
function closedMisfits(unit: Unit, facts: Facts): string[] {
    return hasDirectAccess(unit) && facts.get("docker-iptables")?.[0] === "nftables"
        ? [
              "defaultNetwork: Docker keeps its rules by nftables there (firewall-backend), and drops what other hosts send to its default network: set it to iptables, or leave defaultNetwork out",
          ]
        : [];
}

function ageMisfits(engine: string): string[] {
    return isOlder(engine, OLDEST_ENGINE)
        ? [`Docker ${engine} is too old: ${OLDEST_ENGINE.join(".")} or newer is needed`]
        : [];
}

function networkMisfits({ name, driver }: WantedNetwork, own: string, facts: Facts): string[] {
    const [found, owner = ""] = listed(facts, "network").find(([other]) => other === name) ?? [];
    const isShut = facts.has("docker-rules") && !facts.has("docker-iptables");
    if (found === undefined && driver === "bridge" && isShut) {
        return [
            `Docker cannot create the network "${name}", as its own firewall rules are gone; it creates them when it starts: systemctl restart docker`,
        ];
    }
    return owner === "" || !isStranger(owner, own)
        ? []
        : [
              `Docker already has a network "${name}", ${ownerText(owner)}: remove it (docker network rm ${name}), or choose another dockerName`,
          ];
}

function nftMisfits(own: string, facts: Facts): string[] {
    if (facts.get("nft")?.[0] === "none") {
        return ["nftables is not installed: apt install nftables"];
    }
    const table = `crosshost_${own.replace(/[:.-]/g, "_")}`;
    return listed(facts, "table")
        .filter(([other, owner]) => other === table && owner !== own)
        .map(
            ([, owner = "", family = "inet"]) =>
                `the nft table ${family} ${table} already exists, ${ownerText(owner)}: remove it (nft delete table ${family} ${table}), or rename the component`,
        );
}
