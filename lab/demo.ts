import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { bringUp, labEnvironment, takeDown } from "./bringup";
import { answer, CommandFailed, show, stopAll } from "./command";
import { onHost } from "./onHost";
import { bold, coloured, dim, duration, green, red, say, step, yellow } from "./terminal";

const ROOT = join(__dirname, "..");
const ENV = labEnvironment(process.env["CROSSHOST_LAB"] ?? "demo");
const LAB_JSON = ENV["CROSSHOST_LAB_JSON"] ?? "";
const PICTURE = join(dirname(LAB_JSON), "demo.html");
const BROKEN_HOST = "vm1";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
        stopAll("SIGTERM");
        say(yellow("\ninterrupted; run it again, or take everything down: npm run demo -- --down"));
        process.exit(130);
    });
}

void main().then((status) => process.exit(status));

async function main(): Promise<number> {
    const words = process.argv.slice(2);
    const act = { "": demo, "--down": down }[words.join(" ")];
    if (!act) {
        say(red(`unknown: ${words.join(" ")}`));
        say("npm run demo             runs the demo\nnpm run demo -- --down   takes it down");
        return 2;
    }
    const began = Date.now();
    try {
        await act();
        say(dim(`\n${duration(Date.now() - began)} in all`));
        return 0;
    } catch (error) {
        return tellFailure(error);
    }
}

async function demo(): Promise<void> {
    await bringUp(ENV);
    await selectStack();
    await step("pulumi preview --diff: every change on every host, before it happens", () =>
        pulumi("preview", "--diff", "--suppress-outputs"),
    );
    await step("pulumi up", () => pulumi("up", "--yes", "--skip-preview", "--suppress-outputs"));
    await step(
        "crosshost check: containers ping each other at their own addresses, at the full MTU",
        () => crosshost("check"),
    );
    await breakAndRepair();
    await step("crosshost graph: what is wired to what", () =>
        crosshost("graph", "--output", PICTURE),
    );
    say(farewell());
}

async function selectStack(): Promise<void> {
    await step("pulumi stack select --create demo", async () => {
        await answer([join(ROOT, "lab/pulumi/pulumi"), "stack", "select", "--create", "demo"], {
            env: ENV,
            cwd: ROOT,
        });
    });
}

async function breakAndRepair(): Promise<void> {
    const route = await step(
        `someone deletes a route on ${BROKEN_HOST}, behind Pulumi's back`,
        deleteRoute,
    );
    await step(`pulumi preview --diff reports it: route ${route} is missing`, () =>
        pulumi("preview", "--diff"),
    );
    await step("pulumi up puts it back", () =>
        pulumi("up", "--yes", "--skip-preview", "--suppress-outputs"),
    );
    await step("the next preview is empty", () =>
        pulumi("preview", "--diff", "--expect-no-changes"),
    );
}

/** The first of our routes; its destination. */
async function deleteRoute(): Promise<string> {
    const routes = await onHost(LAB_JSON, BROKEN_HOST, "ip route show proto 201");
    const [route = ""] = routes.split("\n");
    const [destination] = route.split(" ");
    if (!destination) {
        throw new Error(
            `${BROKEN_HOST} has no route of Crosshost: npm run demo -- --down, then again`,
        );
    }
    say(`    ${BROKEN_HOST}# ip route del ${route.trim()}`);
    await onHost(LAB_JSON, BROKEN_HOST, `ip route del ${destination} proto 201`);
    return destination;
}

/** Hosts that no longer answer are thrown away with all that was on them, and the state with them. */
async function down(): Promise<void> {
    if (!existsSync(LAB_JSON)) {
        say("nothing is up");
        return;
    }
    try {
        await step("pulumi destroy", () => pulumi("destroy", "--yes", "--skip-preview"));
    } catch (error) {
        if (!(error instanceof CommandFailed)) {
            throw error;
        }
        say(yellow("    the hosts are discarded as they are, with the stack's state"));
        await takeDown(ENV, "--purge");
        return;
    }
    await takeDown(ENV);
}

function pulumi(operation: string, ...flags: string[]): Promise<void> {
    const colour = coloured ? "always" : "never";
    return show(
        [
            join(ROOT, "lab/pulumi/pulumi"),
            operation,
            ...flags,
            "--stack",
            "demo",
            "--color",
            colour,
        ],
        { env: ENV, cwd: ROOT },
    );
}

/** As `npx crosshost` runs it, with the lab's Pulumi in PATH. */
function crosshost(...words: string[]): Promise<void> {
    const program = ["-r", "ts-node/register/transpile-only", join(ROOT, "cli/main.ts")];
    const path = [join(ROOT, "lab/pulumi"), process.env["PATH"]].join(":");
    return show([process.execPath, ...program, ...words, "--stack", "demo"], {
        env: { ...ENV, PATH: path },
        cwd: ROOT,
    });
}

function tellFailure(error: unknown): number {
    if (error instanceof CommandFailed) {
        process.stdout.write(error.output);
    }
    say(red(`\n${error instanceof Error ? error.message : String(error)}`));
    say("To see the hosts: lab/lab status. To try again: npm run demo.");
    say("To start over: npm run demo -- --down, then npm run demo.");
    return 1;
}

function farewell(): string {
    const line = (command: string, what: string) => `    ${command.padEnd(48)} ${dim(what)}`;
    return [
        green(bold("\nIt works, and it stays up. To look around:")),
        ...Object.entries(ENV).map(([name, value]) => `    export ${name}=${value ?? ""}`),
        line("lab/lab status", "the hosts"),
        line("lab/lab ssh vm1", "one of them, as root: ip -d link, nft list ruleset"),
        line("lab/lab ssh vm2 docker ps", "its containers"),
        line("lab/pulumi/pulumi preview --diff --stack demo", "what differs from stacks/demo.ts"),
        "To take everything down:",
        line("npm run demo -- --down", ""),
        "The picture, for a browser:",
        `    ${PICTURE}`,
    ].join("\n");
}
