// What a host says of its networks, over the login that `ssh` makes: with the user's own config, agent and known hosts.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { bySh } from "../../../components/remote/commands";
import { CliError, messageOf } from "../../error";

const MARK = "crosshost-import: ";

const link = z.object({
    ifname: z.string(),
    mtu: z.number(),
    link_type: z.string(),
    group: z.string().optional(),
    master: z.string().optional(),
    linkinfo: z
        .object({
            info_kind: z.string().optional(),
            info_data: z.record(z.string(), z.unknown()).optional(),
        })
        .optional(),
});
const address = z.object({
    ifname: z.string(),
    addr_info: z.array(z.object({ local: z.string().optional(), prefixlen: z.number() })),
});
const route = z.object({ dst: z.string(), dev: z.string().optional() });
const neighbour = z.object({ ifname: z.string(), dst: z.string().optional() });
const network = z.object({
    Name: z.string(),
    Id: z.string(),
    Driver: z.string(),
    Internal: z.boolean(),
    EnableIPv6: z.boolean(),
    IPAM: z.object({ Config: z.array(z.record(z.string(), z.unknown())).nullish() }),
    Containers: z.record(z.string(), z.object({ Name: z.string() })).nullish(),
    Options: z.record(z.string(), z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
});

export type Link = z.output<typeof link>;
export type DockerNetwork = z.output<typeof network>;

/** What a host has. */
export interface Seen {
    readonly links: readonly Link[];
    /** IPv4 addresses with prefix length, by link. */
    readonly addresses: ReadonlyMap<string, readonly string[]>;
    readonly routes: readonly z.output<typeof route>[];
    readonly fdb: readonly z.output<typeof neighbour>[];
    /** The text of Docker's daemon.json; empty where there is none. */
    readonly daemon: string;
    /** None where the host has no Docker. */
    readonly networks: readonly DockerNetwork[];
}

/** `destination`: as `ssh` takes it, so with names of the user's ssh_config. */
export function collect(destination: string, become: "sudo" | undefined): Seen {
    const script = readFileSync(join(__dirname, "collect.sh"), "utf8");
    const command = bySh('eval "$(cat)"', become);
    const { status, stdout, error } = spawnSync("ssh", ["--", destination, command], {
        input: script,
        encoding: "utf8",
        stdio: ["pipe", "pipe", "inherit"],
        maxBuffer: 64 * 1024 * 1024,
    });
    if (error) {
        throw new CliError(`cannot run ssh: ${messageOf(error)}`);
    }
    if (!stdout.includes(`${MARK}whole\n`)) {
        throw new CliError(`the host did not answer: ssh ended with status ${String(status)}`);
    }
    return seenOf(stdout);
}

/** Of what the script has printed; what comes before its first line is of the login's start files. */
export function seenOf(stdout: string): Seen {
    const parts = partsOf(stdout);
    const told = <T extends z.ZodType>(name: string, of: T): z.output<T>[] =>
        listOf(name, of, parts.get(name) ?? "");
    const addresses = told("addresses", address).map(
        ({ ifname, addr_info }): [string, string[]] => [
            ifname,
            addr_info.flatMap(({ local, prefixlen }) =>
                local === undefined ? [] : [`${local}/${prefixlen}`],
            ),
        ],
    );
    return {
        links: told("links", link),
        addresses: new Map(addresses),
        routes: told("routes", route),
        fdb: told("fdb", neighbour),
        daemon: parts.get("daemon") ?? "",
        networks: told("networks", network),
    };
}

function listOf<T extends z.ZodType>(name: string, of: T, text: string): z.output<T>[] {
    try {
        return z.array(of).parse(JSON.parse(text || "[]"));
    } catch (error) {
        const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
        throw new CliError(`what the host says of its ${name} cannot be read: ${why}`);
    }
}

function partsOf(stdout: string): Map<string, string> {
    const [, ...parts] = stdout.split(MARK);
    const texts = new Map<string, string>();
    let current = "";
    for (const part of parts) {
        const [name = "", ...lines] = part.split("\n");
        const failed = /^ended (?!0$)\d+$/.test(name);
        if (failed) {
            throw new CliError(
                `the host does not tell its ${current}: what its tool said stands above; --become asks as root`,
            );
        }
        current = name;
        texts.set(name, lines.join("\n").trim());
    }
    return texts;
}
