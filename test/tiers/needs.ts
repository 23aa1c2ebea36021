import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Tier } from "./selection";

/** Why a tier cannot run here, with what to do; nothing where it can. */
export function obstacle(tier: Tier, platform = process.platform, uid = process.getuid?.()) {
    if (tier === "unit") {
        return undefined;
    }
    const again = `npm test -- ${tier}`;
    if (platform !== "linux") {
        return `needs Linux, this is ${platform}: run \`${again}\` as root on a Debian machine`;
    }
    if (uid !== 0) {
        return `needs root, for network namespaces: \`sudo ${again}\``;
    }
    const namespaces = spawnSync("unshare", ["--net", "--mount", "true"], { encoding: "utf8" });
    if (namespaces.status !== 0) {
        const said = (namespaces.error?.message ?? namespaces.stderr).trim();
        return `needs the right to make namespaces (CAP_SYS_ADMIN, CAP_NET_ADMIN): ${said}`;
    }
    return undefined;
}

/** Programs that tests of a tier call, and Debian's packages of them. */
const PROGRAMS: Record<Tier, Readonly<Record<string, string>>> = {
    unit: {},
    netns: {
        bash: "bash",
        dash: "dash",
        gawk: "gawk",
        ip: "iproute2",
        iptables: "iptables",
        mawk: "mawk",
        nft: "nftables",
        strace: "strace",
    },
    e2e: { ip: "iproute2", ssh: "openssh-client" },
};

/** The command that installs those of a tier's programs that are missing. */
export function installation(root: string, tier: Tier): string[] {
    const needs = Object.entries(PROGRAMS[tier]).map(
        ([program, debian]) => `need_program ${program} ${debian}`,
    );
    return ["sh", "-c", [`. ${join(root, "test/prepare")}`, ...needs].join(" && ")];
}
