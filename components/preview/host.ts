// preview/: what a preview says that no diff can show.
import * as pulumi from "@pulumi/pulumi";
import { seenContainers } from "../facts/containers";
import { daemonMisfits } from "../checks/daemon";
import { unfitness } from "../checks/host";
import { stackId } from "../wire/identity";
import { known } from "../wire/known";
import { type Observation, type ProbeResult } from "../facts/observation";
import { programEnd } from "../run/programEnd";
import { Refusal } from "../run/refuse";
import { type HostSession } from "../run/session";

/**
 * Says in a preview what the probe found and a diff cannot show: one line each, for a person. Errors are thrown: one that is
 * only logged fails nothing.
 */
export async function checkHost(
    session: Pick<
        HostSession,
        "name" | "stack" | "component" | "address" | "probe" | "earlier" | "docker"
    >,
    strict: boolean,
): Promise<void> {
    const [probed, address] = await Promise.all([session.probe, known(session.address)]);
    const said = [
        ...messages(session.name, probed, strict, address),
        ...(pulumi.runtime.isDryRun() ? await twinMessages(session) : []),
        ...(pulumi.runtime.isDryRun() ? daemonMessages(session, probed) : []),
    ];
    const lines = (severity: Message["severity"]) =>
        said
            .filter((message) => message.severity === severity)
            .map(({ text }) => `${session.name}: ${text}`);
    await Promise.all([
        ...lines("warn").map((line) => pulumi.log.warn(line, session.component)),
        ...lines("info").map((line) => pulumi.log.info(line, session.component)),
    ]);
    if (lines("error").length > 0) {
        throw new Refusal(lines("error").join("\n"));
    }
}

/** Once the program has said of which it wants no more than that they have run. */
export async function tellContainers({
    name,
    component,
    stack,
    mayStop,
    probe,
}: Pick<HostSession, "name" | "component" | "stack" | "mayStop" | "probe">): Promise<void> {
    const probed = await probe;
    if (!pulumi.runtime.isDryRun() || probed.status !== "answered") {
        return;
    }
    await programEnd();
    const texts = containerTexts(probed.observation, stackId(stack), mayStop);
    await Promise.all(texts.map((text) => pulumi.log.warn(`${name}: ${text}`, component)));
}

interface Message {
    readonly severity: "info" | "warn" | "error";
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
                ...networkdMessages(probed.observation),
            ];
    }
}

function daemonMessages(
    { stack, docker }: Pick<HostSession, "stack" | "docker">,
    probed: ProbeResult,
): Message[] {
    if (probed.status !== "answered") {
        return [];
    }
    const found = daemonMisfits(docker, `${stackId(stack)}:host`, probed.observation.facts);
    const all = (severity: Message["severity"], texts: readonly string[]) =>
        texts.map((text): Message => ({ severity, text }));
    return [
        ...all("error", found.errors),
        ...all("warn", found.warnings),
        ...all("info", found.notes),
    ];
}

/** Two Hosts for one machine, whatever they call it, or for two that share what tells machines apart. */
async function twinMessages({
    probe,
    earlier,
}: Pick<HostSession, "probe" | "earlier">): Promise<Message[]> {
    const own = await probe;
    const others = await Promise.all(
        earlier.map(async ({ name, probe: other }) => ({ name, probed: await other })),
    );
    const like = (told: (probed: ProbeResult) => string | undefined) =>
        others.find(({ probed }) => told(own) !== undefined && told(probed) === told(own))?.name;
    const same = like(machineOf);
    if (same !== undefined) {
        return [{ severity: "error", text: `it is the same machine as ${same}: use that Host` }];
    }
    const twin = like(machineIdOf);
    const text =
        `it shares its /etc/machine-id with ${twin ?? ""}, as clones of one image do, so a container moved between the two would not move: ` +
        "give it its own (rm -f /etc/machine-id /var/lib/dbus/machine-id && systemd-machine-id-setup) and reboot it; " +
        "the next `up` recreates its containers, and a DHCP server may give it another address";
    return twin === undefined ? [] : [{ severity: "warn", text }];
}

function machineIdOf(probed: ProbeResult): string | undefined {
    return probed.status === "answered" ? probed.observation.facts.get("machine")?.[0] : undefined;
}

/** It was started once, and has one set of addresses. */
function machineOf(probed: ProbeResult): string | undefined {
    if (probed.status !== "answered") {
        return undefined;
    }
    const { facts } = probed.observation;
    const boot = facts.get("boot")?.[0];
    return boot && [boot, ...(facts.get("address") ?? [])].join("\n");
}

export function containerTexts(
    { goneContainers, stoppedContainers, facts }: Observation,
    stack: string,
    mayStop: ReadonlySet<string>,
): string[] {
    const remedy = (byHand: string, word: string) =>
        `${byHand}; if this program creates it, \`pulumi up --refresh\` ${word} it`;
    const seen = seenContainers(facts) ?? [];
    const loops = (container: string) =>
        seen.some(({ name, state }) => name === container && state === "restarting");
    return [
        ...goneContainers
            .filter(({ name }) => !mayStop.has(name))
            .map(({ name, unit }) => {
                const renamed = seen.find(({ owner }) => owner === `${stack}:${unit}`)?.name;
                return renamed === undefined
                    ? `container ${name} is gone: ${remedy("create it again", "recreates")}`
                    : `container ${name} is now called ${renamed}: docker rename ${renamed} ${name}; \`pulumi up --refresh\` would replace it`;
            }),
        ...stoppedContainers
            .filter((name) => !mayStop.has(name))
            .map((name) =>
                loops(name)
                    ? `container ${name} exits as soon as Docker starts it, again and again: see docker logs ${name}`
                    : `container ${name} is stopped: ${remedy("start it", "repairs")}`,
            ),
    ];
}

/** Of links that are to be made it goes by the first file that matches, which is to be ours. */
function networkdMessages({ facts }: Observation): Message[] {
    return (facts.get("networkd") ?? []).map((file) => ({
        severity: "warn",
        text:
            `${file} matches Crosshost's links, and systemd-networkd reads it before Crosshost's own file, so it removes their ` +
            "addresses: narrow its [Match], or give it a name that sorts later, such as 50-...",
    }));
}
