import { z } from "zod";
import { dockerSchema } from "./dockerSchema";
import { hostKeyProblem, privateKeyProblem } from "./keyProblems";
import { isHostName } from "../wire/hostname";
import { address, explained, input, isRecord, mtu, port, whole } from "../wire/fields";

/** ssh and Docker's URL take these as they are, on command lines too. */
const USER = /^[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?$/;
/** Stands in ssh's options, which split at blanks and expand % and ~. */
const SOCKET_PATH = /^\/[A-Za-z0-9_.,:@/+=-]+$/;

const hostKey = explained(hostKeyProblem);
const privateKey = explained(privateKeyProblem);

const login = {
    host: input(
        z.string().refine(isHostName, { error: "is not a host name or an IPv4 address" }),
    ).describe("Name or address that SSH connects to."),
    port: input(port).optional().describe("TCP port of sshd. Default: 22."),
    user: input(z.string().regex(USER, { error: "is not a user name" }))
        .optional()
        .describe("User to log in as. Default: root."),
    password: input(z.string()).optional().describe("Password for the login."),
    privateKey: input(privateKey).optional().describe("Private key as PEM text."),
    privateKeyPassword: input(z.string()).optional().describe("Passphrase of the private key."),
    agentSocketPath: input(
        z.string().regex(SOCKET_PATH, {
            error: "is not an absolute path of letters, digits and _ . , : @ / + = -",
        }),
    )
        .optional()
        .describe("Socket of an SSH agent. Default: $SSH_AUTH_SOCK."),
    hostKey: input(hostKey).optional().describe("The server's public key; no other is accepted."),
    insecureIgnoreHostKey: z
        .literal(true)
        .optional()
        .describe("Accept any server. Anyone in the middle can read everything and act as root."),
};

const hostKeyGiven = {
    path: ["hostKey"],
    params: { request: true },
    /** Also where other fields are wrong, but not where the key itself is. */
    when: ({ value, issues }: z.core.ParsePayload) =>
        isRecord(value) && !issues.some((issue) => issue.path?.[0] === "hostKey"),
    error: ({ input: given }: { input?: unknown }) => askForHostKey(isRecord(given) ? given : {}),
};

const jump = z.strictObject(login).refine(hasHostKey, hostKeyGiven);

export const connectionSchema = z
    .strictObject({
        ...login,
        proxy: jump.optional().describe("One host to jump over, as ssh -J does."),
    })
    .refine(hasHostKey, hostKeyGiven);

export const registryAuthSchema = z.array(
    z.strictObject({
        address: input(z.string().min(1, { error: "is empty" })),
        username: input(z.string()),
        password: input(z.string()),
    }),
);

/** `id` of a host: 1 to 65,534; each overlay checks that its own networks reach so far. */
export const hostId = whole(1, 65_534);

/** A login by a jump host takes up to 5 s; 60 s are half of the time that a command has. */
export const GUARD_SECONDS = { least: 5, usual: 15, most: 60 };

export const guardSchema = z.strictObject({
    seconds: whole(GUARD_SECONDS.least, GUARD_SECONDS.most)
        .optional()
        .describe("How long such a change waits to be committed, 5 to 60. Default: 15."),
});

export const hostSchema = z.strictObject({
    connection: connectionSchema.describe("How to reach the host by SSH."),
    become: z
        .enum(["sudo"])
        .optional()
        .describe("Run commands on the host with sudo, which must not ask for a password."),
    address: input(address)
        .optional()
        .describe("Address at which the other hosts reach this one. Default: connection.host."),
    id: hostId.optional().describe("Number that overlays derive the host's subnet and MACs from."),
    mtu: mtu.optional().describe("MTU of the NIC that has the address. Default: 1500."),
    registryAuth: input(registryAuthSchema)
        .optional()
        .describe("Logins for the registries that the host pulls images from."),
    docker: dockerSchema.optional().describe("What Docker's daemon.json is to say."),
    guard: guardSchema
        .optional()
        .describe("How a change that could cut off SSH is taken back by itself."),
    machine: z.unknown().optional().describe("The resource that creates the machine."),
    strict: z
        .boolean()
        .optional()
        .describe("Fail a preview if the host cannot be reached. Default: false, a warning."),
    gone: z
        .boolean()
        .optional()
        .describe(
            "The machine no longer exists: do nothing there, and remove it from its networks. Default: false.",
        ),
});

function hasHostKey({ hostKey: key, insecureIgnoreHostKey }: Readonly<Record<string, unknown>>) {
    return key !== undefined || insecureIgnoreHostKey !== undefined;
}

/** Asks for the host key with the very line that prints it. */
function askForHostKey({ host, port: sshPort }: Readonly<Record<string, unknown>>): string {
    const option =
        sshPort !== 22 && port.safeParse(sshPort).success ? ` -p ${String(sshPort)}` : "";
    const target = typeof host === "string" && isHostName(host) ? host : "HOST";
    const scan = `ssh-keyscan -t ed25519${option} ${target}`;
    return (
        `run \`${scan}\`, compare the key with the one the machine's console shows, and write ` +
        "it without the first word; or write insecureIgnoreHostKey: true"
    );
}
