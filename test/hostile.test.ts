import { spawnSync } from "node:child_process";
import { aliasProblems, planAttachment, staticProblems } from "../components/attachment/plan";
import { attachmentSchema } from "../components/attachment/schema";
import { bridgeUnit, partProblems, planBridge } from "../components/bridge/plan";
import { bridgeSchema } from "../components/bridge/schema";
import { planHost } from "../components/host/plan";
import { hostSchema } from "../components/host/schema";
import { macvlanUnit, planMacvlan } from "../components/macvlan/plan";
import { planProblems } from "../components/macvlan/problems";
import { macvlanSchema } from "../components/macvlan/schema";
import { hostNetwork } from "../components/network/hostNetwork";
import { layOut, planOverlay } from "../components/overlay/plan";
import { overlaySchema } from "../components/overlay/schema";
import { applyCommand, deleteCommand } from "../components/remote/commands";
import { sshOptions } from "../components/resources/keyfiles";
import { type Login } from "../components/remote/ssh";
import { contains, isAddress } from "../components/wire/address";
import { dockerName, linkName, stackId, unitName } from "../components/wire/identity";
import { check, type Problem, report } from "../components/wire/problem";
import { unitText } from "../components/wire/unit";
import {
    firstChoice,
    HOST_KEY,
    IDENTITY,
    overlaySpec,
    planned,
    PRIVATE_KEY,
} from "./support/builders";
import { COUNT, executed, hostileTexts, SEED } from "./support/hostile";
import { valueOf } from "./support/units";

/** What is written for OpenSSH: keys and host keys. */
const mockWritten: string[] = [];
jest.mock("node:fs", () => ({
    ...jest.requireActual<object>("node:fs"),
    mkdirSync: () => undefined,
    chmodSync: () => undefined,
    renameSync: () => undefined,
    writeFileSync: (_path: string, content: string) => mockWritten.push(content),
}));

afterEach(() => {
    expect(executed()).toBe(false);
});

/** Each place gets 4,000 texts, and all 20,000 are in several places. */
const SHARE = 5;

/** What becomes of a text in one place of a program. */
type Fate = "carried" | "changed" | readonly Problem[];

interface Place {
    readonly argument: string;
    readonly right: string;
    readonly put: (text: string) => Fate;
}

const PROGRAM = { version: "0.1.0", hash: "0123456789abcdef" };
const LOGIN = { host: "192.168.40.11", privateKey: PRIVATE_KEY, hostKey: HOST_KEY };
const JUMP: Login = { ...LOGIN, host: "192.168.40.1" };
const UNDERLAYS = { vm1: "192.168.40.11", vm2: "192.168.40.12" };
const NETWORK = hostNetwork("mesh", "10.42.1.0/24");

const PLACES: readonly Place[] = [
    { argument: "Host.connection.host", right: "vm1.example", put: (host) => login({ host }) },
    { argument: "Host.connection.user", right: "ops", put: (user) => login({ user }) },
    {
        argument: "Host.connection.hostKey",
        right: "ssh-ed25519 AAAA",
        put: (hostKey) => login({ hostKey }),
    },
    {
        argument: "Host.connection.agentSocketPath",
        right: "/run/agent",
        put: (agentSocketPath) => login({ agentSocketPath }),
    },
    {
        argument: "Host.connection.proxy.host",
        right: "jump.example",
        put: (host) => login({ proxy: { ...JUMP, host } }),
    },
    {
        argument: "Host.connection.proxy.user",
        right: "ops",
        put: (user) => login({ proxy: { ...JUMP, user } }),
    },
    {
        argument: "Host.connection.proxy.hostKey",
        right: "ssh-ed25519 AAAA",
        put: (hostKey) => login({ proxy: { ...JUMP, hostKey } }),
    },
    {
        argument: "Host.become",
        right: "sudo",
        put: (become) =>
            told(hostSchema, { connection: LOGIN, become }) ?? carried(become === "sudo"),
    },
    {
        argument: "Host.address",
        right: "192.168.40.11",
        put: (address) =>
            told(hostSchema, { connection: LOGIN, address }) ??
            carried(
                valueOf(planHost(IDENTITY, PROGRAM, address), `underlay ${address}`) !== undefined,
            ),
    },
    { argument: "Overlay.cidr", right: "10.42.0.0/16", put: (cidr) => overlay({ cidr }) },
    { argument: "Overlay.dockerName", right: "mesh", put: (dockerName) => overlay({ dockerName }) },
    { argument: "Bridge.cidr", right: "10.60.0.0/24", put: (cidr) => bridge({ cidr }) },
    { argument: "Bridge.gateway", right: "10.60.0.1", put: (gateway) => bridge({ gateway }) },
    { argument: "Bridge.ipRange", right: "10.60.0.0/26", put: (ipRange) => bridge({ ipRange }) },
    { argument: "Bridge.dockerName", right: "lan1", put: (dockerName) => bridge({ dockerName }) },
    { argument: "Macvlan.parent", right: "eth1", put: (parent) => lan({ parent }) },
    { argument: "Macvlan.parents.vm1", right: "eth1", put: (vm1) => lan({ parents: { vm1 } }) },
    { argument: "Macvlan.subnet", right: "10.60.0.0/16", put: (subnet) => lan({ subnet }) },
    { argument: "Macvlan.gateway", right: "10.60.0.2", put: (gateway) => lan({ gateway }) },
    { argument: "Macvlan.ipRange", right: "10.60.0.64/26", put: (ipRange) => lan({ ipRange }) },
    {
        argument: "Macvlan.reserved[0]",
        right: "10.60.0.8-10.60.0.9",
        put: (text) => lan({ reserved: [text] }),
    },
    { argument: "Macvlan.dockerName", right: "lan1", put: (dockerName) => lan({ dockerName }) },
    {
        argument: "ContainerAttachment.ipv4Address",
        right: "10.42.1.200",
        put: (ipv4Address) => attachment({ ipv4Address }),
    },
    {
        argument: "ContainerAttachment.aliases[0]",
        right: "api",
        put: (alias) => attachment({ aliases: [alias] }),
    },
    {
        argument: "ContainerAttachment.containerName",
        right: "api",
        put: (containerName) => attachment({ containerName }),
    },
    {
        argument: "ContainerAttachment.container.name",
        right: "api",
        put: (name) => attachment({ container: { image: "busybox", name } }),
    },
    {
        argument: "ContainerAttachment.container.networkMode",
        right: "none",
        put: (networkMode) => attachment({ container: { image: "busybox", networkMode } }),
    },
    ...["ip", "protocol"].map((field) => ({
        argument: `ContainerAttachment.container.ports[0].${field}`,
        right: field === "ip" ? "192.168.40.11" : "tcp",
        put: (text: string) =>
            attachment({
                container: { image: "busybox", ports: [{ internal: 80, [field]: text }] },
            }),
    })),
];

describe.each(PLACES)("$argument", ({ right, put }) => {
    test(`refuses or carries one in ${SHARE} of ${COUNT} hostile texts (seed ${SEED})`, () => {
        const changed = hostileTexts(right, SHARE).filter((text) => {
            const fate = put(text);
            return fate !== "carried" && (fate === "changed" || !isReadable(fate));
        });
        expect(changed).toEqual([]);
        expect(put(right)).toEqual(right === "none" ? expect.any(Array) : "carried");
    });
});

test(`a logical name of any kind makes names that need no quoting (seed ${SEED})`, () => {
    // Pulumi itself refuses a name without a letter.
    for (const text of hostileTexts("mesh", SHARE).filter(Boolean)) {
        const identity = { project: text, stack: text };
        expect(stackId(identity)).toMatch(/^[a-z0-9][a-z0-9-]{0,31}$/);
        expect(unitName("overlay", text)).toMatch(/^overlay-[A-Za-z0-9_-]{1,64}$/);
        expect(linkName("ch", identity, text)).toMatch(/^ch-[a-z0-9-]{5,12}$/);
        expect(dockerName(identity, text)).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/);
        expect(aliasProblems(text, undefined).every((one) => isReadable([one]))).toBe(true);
    }
});

test.each(["dash", "bash"])("%s hands the commands' names over as they are", (shell) => {
    const names = hostileTexts("mesh")
        .slice(0, 2_000)
        .map((text) => ({
            stack: stackId({ project: text, stack: text }),
            unit: unitName("overlay", text),
        }));
    const commands = names.flatMap(({ stack, unit }) => [
        applyCommand(stack, unit, undefined),
        deleteCommand(stack, unit, "sudo"),
    ]);
    const said = linesOf(shell, `env() { echo "$5"; }\n${commands.join("\n")}`);
    const limit = "exec timeout -k 5 120 sh";
    const expected = names.flatMap(({ stack, unit }) => {
        const program = `/var/lib/crosshost/${stack}/crosshost`;
        return [
            `${limit} ${program} apply ${stack} ${unit}`,
            `if [ -r ${program} ]; then ${limit} ${program} delete ${stack} ${unit}; fi; cat >/dev/null`,
        ];
    });
    expect(said).toEqual(expected);
});

test.each(["dash", "bash"])("%s hands a jump host's login over as it is", (shell) => {
    const jumps = [
        ...hostileTexts("ops", SHARE).map((user) => ({ ...JUMP, user })),
        ...hostileTexts("jump.example", SHARE).map((host) => ({ ...JUMP, host })),
    ].filter((proxy) => told(hostSchema, { connection: { ...LOGIN, proxy } }) === undefined);
    expect(jumps.length).toBeGreaterThan(100);
    const commands = jumps.map(
        (proxy) =>
            /^ProxyCommand=(.*)$/s.exec(
                sshOptions({ ...LOGIN, proxy }, "s", "vm1").at(-1) ?? "",
            )?.[1],
    );
    const stub = 'ssh() { while [ "$1" != -p ]; do shift; done; echo "$@"; }';
    expect(linesOf(shell, `${stub}\n${commands.join("\n")}`)).toEqual(
        jumps.map(({ user, host }) => `-p 22 -l ${user ?? "root"} -W %h:%p -- ${host}`),
    );
});

function login(more: object): Fate {
    const to = { ...LOGIN, ...more };
    const problems = told(hostSchema, { connection: to });
    if (problems) {
        return problems;
    }
    mockWritten.length = 0;
    // Of quotes, those around the names of our own files are ours.
    const options = sshOptions(to, "s", "vm1").map((option) =>
        option.replace(/"\w+=(~\/[\w./-]+)"/g, "$1"),
    );
    const lines = mockWritten.filter((content) => !content.includes("PRIVATE KEY"));
    return carried(
        options.every((option) => !/[\p{Cc}"'`;|&<>\\]|\$[^ ]/u.test(option)) &&
            lines.every((line) => /^crosshost ssh-ed25519 [A-Za-z0-9+/=]+( .*)?\n$/.test(line)),
    );
}

function overlay(more: { cidr?: string; dockerName?: string }): Fate {
    const args = { hosts: [{}], cidr: "10.42.0.0/16", backend: { vxlan: {} }, ...more };
    const problems = told(overlaySchema, args);
    if (problems) {
        return problems;
    }
    const hosts = [planned("vm1"), planned("vm2")];
    const laid = layOut(IDENTITY, "mesh", overlaySpec(more), hosts);
    if (laid.problems.length > 0) {
        return laid.problems;
    }
    const unit = planOverlay(laid.layout, "vm1", UNDERLAYS);
    const { cidr = args.cidr, dockerName: name = dockerName(IDENTITY, "mesh") } = more;
    return carried(
        valueOf(unit, `docker network ${name}`) !== undefined &&
            (valueOf(unit, "nft postrouting masquerade") ?? "").includes(` ip daddr != ${cidr} `),
    );
}

function bridge(more: Readonly<Record<string, string>>): Fate {
    const args = { host: {}, cidr: "10.60.0.0/24", ...more };
    const { problems, value } = check(bridgeSchema, args);
    const wrong = value ? partProblems(value) : problems;
    if (!value || wrong.length > 0) {
        return wrong;
    }
    const unit = bridgeUnit(planBridge(IDENTITY, "lan1", value));
    const words = unit.flatMap(({ key, value: line }) => `${key} ${line}`.split(/[ /]/));
    return carried(
        Object.values(more).every((text) => text.split("/").every((one) => words.includes(one))),
    );
}

function lan(more: object): Fate {
    const args = {
        hosts: [{}],
        parent: "eth0",
        subnet: "10.60.0.0/24",
        gateway: "10.60.0.1",
        ipRange: "10.60.0.128/26",
        hostAccess: true,
        ...more,
    };
    const hosts = [planned("vm1")];
    const { problems, value } = check(macvlanSchema, args);
    const wrong = value ? planProblems(value, hosts) : problems;
    if (!value || wrong.length > 0) {
        return wrong;
    }
    const plan = planMacvlan(IDENTITY, "lan", value, hosts);
    const { network, ipRange = "", shim, reserved = [] } = plan.places["vm1"]?.network ?? {};
    const { parent, parents, subnet, gateway = "" } = value;
    const link = parents?.["vm1"] ?? parent;
    const wanted = `macvlan ${link} mode bridge subnet ${subnet} gateway ${gateway} ip-range ${ipRange} aux ${shim?.address ?? ""}`;
    return carried(
        valueOf(macvlanUnit(plan, "vm1"), `docker network ${network ?? ""}`) === wanted &&
            contains(value.ipRange, ipRange) &&
            reserved.every(({ from, to }) => isAddress(from) && isAddress(to)),
    );
}

interface Attachment {
    readonly ipv4Address?: string;
    readonly aliases?: string[];
    readonly container?: object;
    readonly containerName?: string;
}

function attachment(more: Attachment): Fate {
    const created = more.containerName === undefined ? { container: { image: "busybox" } } : {};
    const args = { host: {}, network: {}, ...created, ...more };
    const { problems, value } = check(attachmentSchema, args);
    if (!value) {
        return problems;
    }
    const { aliases = [], ipv4Address = firstChoice("api", NETWORK) } = value;
    const wrong = staticProblems(ipv4Address, NETWORK);
    if (wrong.length > 0) {
        return wrong;
    }
    const container = more.containerName ?? value.container?.name ?? "api";
    const unit = planAttachment({
        container,
        network: "mesh",
        ipv4Address,
        aliases,
        existing: false,
    });
    const words = ["ipv4", ipv4Address, ...aliases.flatMap((alias) => ["alias", alias])];
    return carried(unitText(unit) === `docker endpoint ${container} mesh: ${words.join(" ")}\n`);
}

function told(schema: Parameters<typeof check>[0], args: unknown): readonly Problem[] | undefined {
    const { problems } = check(schema, args);
    return problems.length > 0 ? problems : undefined;
}

function carried(exactly: boolean): Fate {
    return exactly ? "carried" : "changed";
}

/** A message of a few lines, in which nothing can pretend to be another line or move a cursor. */
function isReadable(problems: readonly Problem[]): boolean {
    const text = report("Host", "vm1", problems);
    return !/[\p{Cc}\p{Cf}\p{Zl}]/u.test(text.replace(/\n {4}/g, "")) && text.length < 500;
}

function linesOf(shell: string, script: string): string[] {
    const { stdout, stderr } = spawnSync(shell, ["-s"], {
        input: script,
        encoding: "utf8",
        maxBuffer: 64 * 1024 * 1024,
    });
    expect(stderr).toBe("");
    return stdout.trimEnd().split("\n");
}
