import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { agentProblem } from "../../components/remote/agent";
import { Machine, mockedStack } from "../support/mocks";
import { SshAgent } from "../support/sshagent";

const folder = mkdtempSync(join(tmpdir(), "crosshost-agent-"));
const file = join(folder, "file");
const dead = join(folder, "nobody");
const set = process.env["SSH_AUTH_SOCK"];
let agent: SshAgent;

beforeAll(async () => {
    await mockedStack();
    agent = await SshAgent.start();
    writeFileSync(file, "");
});
beforeEach(() => {
    delete process.env["SSH_AUTH_SOCK"];
});
afterAll(async () => {
    await agent.stop();
    rmSync(folder, { recursive: true });
    if (set !== undefined) {
        process.env["SSH_AUTH_SOCK"] = set;
    }
});

const FAILS =
    "or start the agent; commands on hosts fail without it, even if there is a private key";

test.each([
    ["is not there", dead],
    ["is no socket", file],
    ["is a folder", folder],
])("SSH_AUTH_SOCK points to what %s: unset it", async (_, path) => {
    process.env["SSH_AUTH_SOCK"] = path;
    const problem = `no SSH agent answers at ${path}, where SSH_AUTH_SOCK points: unset SSH_AUTH_SOCK, ${FAILS}`;
    await expect(agentProblem({})).resolves.toBe(problem);
    const ofJumpHost = agentProblem({ agentSocketPath: agent.path, proxy: {} });
    await expect(ofJumpHost).resolves.toBe(problem);
});

test("a socket that the connection names, known late or at once, takes its place", async () => {
    process.env["SSH_AUTH_SOCK"] = agent.path;
    const problem = `no SSH agent answers at ${dead}, its agentSocketPath: leave it out, ${FAILS}`;
    await expect(agentProblem({ agentSocketPath: dead })).resolves.toBe(problem);
    await expect(agentProblem({ agentSocketPath: pulumi.secret(dead) })).resolves.toBe(problem);
    await expect(agentProblem({ proxy: { agentSocketPath: dead } })).resolves.toBe(
        `no SSH agent answers at ${dead}, its jump host's agentSocketPath: leave it out, ${FAILS}`,
    );
});

test("an agent that answers is none, with keys or without; nor is one that nobody named", async () => {
    await expect(agentProblem({ proxy: {} })).resolves.toBeUndefined();
    process.env["SSH_AUTH_SOCK"] = "";
    await expect(agentProblem({})).resolves.toBeUndefined();
    process.env["SSH_AUTH_SOCK"] = dead;
    const named = { agentSocketPath: agent.path };
    await expect(agentProblem({ ...named, proxy: named })).resolves.toBeUndefined();
});

test("a socket that is not known yet is not judged", async () => {
    await mockedStack({ preview: true });
    process.env["SSH_AUTH_SOCK"] = dead;
    const { address } = new Machine("vm");
    await expect(agentProblem({ agentSocketPath: address })).resolves.toBeUndefined();
});
