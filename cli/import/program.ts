/** A component that a program creates. */
export interface Component {
    readonly kind: "Bridge" | "Macvlan" | "Overlay";
    readonly name: string;
    readonly args: Arguments;
}

export interface Arguments {
    readonly [key: string]: Value | readonly Value[] | undefined;
}

type Value = string | number | boolean | Arguments;

/** Why some of a file cannot be said, whoever's it is. */
export const ALL_OR_NONE =
    "packets are encapsulated for all hosts or for none: if all hosts share a link, use `direct`";
export const IPV4_ONLY = "an Overlay has IPv4 addresses only";

/** Whether a file is about one host or many: none of them stands in it. */
export type Span = "host" | "hosts";

/** A program of these components, on hosts that stand in the stack's config. */
export function programOf(
    components: readonly Component[],
    span: Span,
    source: string,
    docker?: Arguments,
): string {
    const kinds = [...new Set(["Host", ...components.map(({ kind }) => kind)])].sort();
    return [
        `// From ${source}, by \`crosshost import\`. What to set, with the address and SSH key of ${OF[span]}:`,
        "//   pulumi config set --secret privateKey < ~/.ssh/id_ed25519",
        ...SETTINGS[span].map((setting) => `//   pulumi config set ${setting}`),
        'import * as pulumi from "@pulumi/pulumi";',
        `import { ${kinds.join(", ")} } from "pulumi-crosshost";`,
        "",
        "const config = new pulumi.Config();",
        'const privateKey = config.requireSecret("privateKey");',
        ...HOSTS[span].flatMap((line) =>
            line === LAST && docker ? [`    docker: ${literal(docker)},`, line] : [line],
        ),
        ...components.flatMap((component) => ["", ...statement(component, span)]),
        "",
    ].join("\n");
}

const OF: Readonly<Record<Span, string>> = { host: "your host", hosts: "each host, from 0" };

const SETTINGS: Readonly<Record<Span, readonly string[]>> = {
    host: ["name vm1", "address 192.168.40.11", 'hostKey "ssh-ed25519 ..."'],
    hosts: [
        "--path 'hosts[0].name' vm1",
        "--path 'hosts[0].address' 192.168.40.11",
        "--path 'hosts[0].hostKey' \"ssh-ed25519 ...\"",
    ],
};

/** Of a Host's arguments: `docker` stands before it. */
const LAST = "});";

const HOSTS: Readonly<Record<Span, readonly string[]>> = {
    host: [
        'const host = new Host(config.require("name"), {',
        "    connection: {",
        '        host: config.require("address"),',
        '        user: config.get("user"),',
        "        privateKey,",
        '        hostKey: config.require("hostKey"),',
        "    },",
        LAST,
    ],
    hosts: [
        "const hosts = config",
        '    .requireObject<{ name: string; address: string; user?: string; hostKey: string }[]>("hosts")',
        "    .map(",
        "        ({ name, address, user, hostKey }) =>",
        "            new Host(name, { connection: { host: address, user, privateKey, hostKey } }),",
        "    );",
    ],
};

function statement({ kind, name, args }: Component, span: Span): string[] {
    const on = kind === "Bridge" ? "host" : span === "host" ? "hosts: [host]" : "hosts";
    const fields = Object.entries(args).filter(([, value]) => value !== undefined);
    return [
        `new ${kind}(${JSON.stringify(name)}, {`,
        `    ${on},`,
        ...fields.map(([key, value]) => `    ${key}: ${literal(value)},`),
        "});",
    ];
}

function literal(value: Arguments[string]): string {
    if (isList(value)) {
        return `[${value.map(literal).join(", ")}]`;
    }
    if (typeof value !== "object") {
        return JSON.stringify(value);
    }
    const fields = Object.entries(value)
        .filter(([, one]) => one !== undefined)
        .map(([key, one]) => `${key}: ${literal(one)}`);
    return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function isList(value: Arguments[string]): value is readonly Value[] {
    return Array.isArray(value);
}
