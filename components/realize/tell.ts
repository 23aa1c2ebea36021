import * as pulumi from "@pulumi/pulumi";
import { unfitness } from "./fitness";
import { known } from "./known";
import { type Observation, type ProbeResult } from "./observation";
import { Refusal } from "./refuse";
import { type HostSession } from "./session";

/**
 * Says in a preview what the probe found and a diff cannot show: one line each, for a person. An
 * error is thrown, from outside the program's own flow: an error that is only logged fails nothing,
 * and the rest of the preview is still shown.
 */
export async function tellProbe(
    session: Pick<HostSession, "name" | "component" | "address" | "probe" | "earlier">,
    strict: boolean,
): Promise<void> {
    const [probed, address] = await Promise.all([session.probe, known(session.address)]);
    const said = [
        ...messages(session.name, probed, strict, address),
        ...(pulumi.runtime.isDryRun() ? await twinMessages(session) : []),
    ];
    const lines = (severity: Message["severity"]) =>
        said
            .filter((message) => message.severity === severity)
            .map(({ text }) => `${session.name}: ${text}`);
    await Promise.all(lines("warn").map((line) => pulumi.log.warn(line, session.component)));
    if (lines("error").length > 0) {
        throw new Refusal(lines("error").join("\n"));
    }
}

interface Message {
    readonly severity: "warn" | "error";
    readonly text: string;
}

export function messages(
    name: string,
    probed: ProbeResult,
    strict: boolean,
    address?: string,
): Message[] {
    if (!pulumi.runtime.isDryRun()) {
        return [];
    }
    switch (probed.status) {
        case "unknown":
            return [];
        case "unreachable": {
            const text = `changes to ${name} are not shown: ${probed.reason}`;
            return [{ severity: strict ? "error" : "warn", text }];
        }
        case "refused":
            return [{ severity: "error", text: probed.reason }];
        case "answered":
            return [
                ...unfitness(probed.observation, address).map((text): Message => ({
                    severity: "error",
                    text,
                })),
                ...containerMessages(probed.observation),
            ];
    }
}

/** Two Hosts for one machine, whatever they call it: it was started once, and has one set of addresses. */
async function twinMessages({
    probe,
    earlier,
}: Pick<HostSession, "probe" | "earlier">): Promise<Message[]> {
    const own = machineOf(await probe);
    const others = await Promise.all(
        earlier.map(async ({ name, probe: other }) => ({ name, machine: machineOf(await other) })),
    );
    const twin = others.find(({ machine }) => own !== undefined && machine === own);
    const text = `it is the same machine as ${twin?.name ?? ""}: use that Host`;
    return twin ? [{ severity: "error", text }] : [];
}

function machineOf(probed: ProbeResult): string | undefined {
    if (probed.status !== "answered") {
        return undefined;
    }
    const { facts } = probed.observation;
    const boot = facts.get("boot")?.[0];
    return boot && [boot, ...(facts.get("address") ?? [])].join("\n");
}

function containerMessages(observation: Observation): Message[] {
    const repair = "start it; one that this program makes, `pulumi up --refresh` repairs";
    return [
        ...observation.goneContainers.map((container): Message => ({
            severity: "warn",
            text: `container ${container} is gone: ${repair}`,
        })),
        ...observation.stoppedContainers.map((container): Message => ({
            severity: "warn",
            text: `container ${container} is stopped: ${repair}`,
        })),
    ];
}
