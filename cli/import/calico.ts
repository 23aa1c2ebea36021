import { Address6 } from "ip-address";
import { prefixOf } from "../../components/wire/address";
import { CliError } from "../error";
import { ALL_OR_NONE, type Arguments, type Component, IPV4_ONLY } from "./program";
import { type Section } from "./section";

/** The IPPools of Calico in a manifest, or in what `calicoctl get ippool -o yaml` prints. */
export function fromCalico(sections: readonly Section[]): Component[] {
    return poolsIn(sections).reduce<Component[]>(
        (overlays, pool) => [...overlays, ...overlayOf(pool, overlays)],
        [],
    );
}

function poolsIn(sections: readonly Section[]): Section[] {
    return sections.flatMap((section) => {
        const kind = section.text("kind");
        if (kind === "IPPool" && section.text("apiVersion")?.includes("projectcalico.org")) {
            return [section];
        }
        const items = (kind ?? "").endsWith("List") ? section.list("items") : [];
        section.ignoreRest();
        return poolsIn(items);
    });
}

function overlayOf(pool: Section, others: readonly Component[]): Component[] {
    pool.ignore("apiVersion");
    const metadata = pool.section("metadata");
    const name = metadata?.text("name") ?? "calico";
    metadata?.ignoreRest();
    pool.ignore("status");
    const spec = pool.section("spec");
    const range = spec?.text("cidr");
    if (spec === undefined || range === undefined) {
        throw new CliError(`${pool.placeOf("spec")} has no cidr`);
    }
    if (Address6.isValid(range)) {
        spec.leave("cidr", IPV4_ONLY);
        spec.ignoreRest();
        return [];
    }
    if (spec.isTrue("disabled")) {
        spec.leave("disabled", "a disabled pool gives out no addresses");
        spec.ignoreRest();
        return [];
    }
    const cidr = spec.cidr("cidr") ?? range;
    const backend = backendOf(spec, others);
    return [
        {
            kind: "Overlay",
            name,
            args: { cidr, subnetPrefix: subnetPrefixOf(spec, cidr), backend },
        },
    ];
}

/** A node of Calico has several blocks, a host of an Overlay one subnet. */
function subnetPrefixOf(spec: Section, cidr: string): number | undefined {
    const block = spec.number("blockSize") ?? 26;
    const isWide = prefixOf(cidr) < 24;
    if (isWide) {
        spec.leave(
            "blockSize",
            "a host has one subnet, a /24 by default: set `subnetPrefix` for another size",
        );
    }
    return isWide ? undefined : block;
}

function backendOf(spec: Section, others: readonly Component[]): Arguments {
    const modes = ["ipipMode", "vxlanMode"].map((key) => ({ key, mode: modeOf(spec, key) }));
    const chosen = modes.find(({ mode }) => mode !== "Never");
    leaveRest(spec);
    if (!chosen) {
        return { direct: {} };
    }
    if (chosen.mode === "CrossSubnet") {
        spec.leave(chosen.key, ALL_OR_NONE);
    }
    if (chosen.key === "vxlanMode") {
        return { vxlan: {} };
    }
    if (others.some(hasIpip)) {
        spec.leave(
            "ipipMode",
            "two hosts have one IPIP tunnel, which another pool uses: this one gets `gre`",
        );
        return { gre: {} };
    }
    return { ipip: {} };
}

const MASQUERADED = "packets that leave an Overlay are always masqueraded";
const MODES = ["Always", "CrossSubnet", "Never"];

/** Calico reads an empty one as none. */
function modeOf(spec: Section, key: string): string {
    const text = spec.text(key) ?? "";
    const mode = text === "" ? "Never" : text;
    if (!MODES.includes(mode)) {
        throw new CliError(
            `${spec.placeOf(key)} ${JSON.stringify(mode)} is none of ${MODES.join(", ")}`,
        );
    }
    return mode;
}

function hasIpip({ args: { backend } }: Component): boolean {
    return typeof backend === "object" && "ipip" in backend;
}

function leaveRest(spec: Section): void {
    if (!spec.has("natOutgoing")) {
        spec.tell(`natOutgoing is not set: ${MASQUERADED}`);
    } else if (!spec.isTrue("natOutgoing")) {
        spec.leave("natOutgoing", MASQUERADED);
    }
    if (spec.text("nodeSelector") !== "all()") {
        spec.leave("nodeSelector", "the program lists the hosts");
    }
    spec.ignore("disabled");
    spec.leave("allowedUses", "an Overlay is for containers");
    spec.leave("disableBGPExport", "Crosshost announces no routes");
    spec.leave(
        "assignmentMode",
        "a container gets an address of its host's subnet, or the one that its attachment names",
    );
}
