import * as pulumi from "@pulumi/pulumi";
import { type PortWish } from "../wire/claims";
import { stackId } from "../wire/identity";
import { seenContainers } from "../facts/containers";
import { exposureWarnings } from "./exposed";
import { firewallWarnings } from "../checks/firewall/firewall";
import { known } from "../wire/known";
import { misfits } from "../checks/unit";
import { type ProbeResult } from "../facts/observation";
import { portMisfits } from "../checks/ports";
import { Refusal } from "../run/refuse";
import { type HostSession } from "../run/session";

type Answered = Extract<ProbeResult, { readonly status: "answered" }>;

/** Says in a preview why a unit does not fit a host, once both are known; each thing once for a host. */
export async function objectToUnit(
    session: Pick<
        HostSession,
        "name" | "stack" | "component" | "probe" | "told" | "ports" | "silent" | "exposedBy"
    >,
    unit: { name: string; title: string; text: string; ports?: PortWish },
): Promise<void> {
    const probed = await session.probe;
    if (probed.status !== "answered" || !pulumi.runtime.isDryRun()) {
        return;
    }
    const { observation } = probed;
    const stack = stackId(session.stack);
    const all = [misfits({ ...unit, stack }, observation)];
    if (unit.ports) {
        const { ports } = unit;
        all.push(portMisfits(ports, session.name, stack, observation.facts), {
            errors: [],
            warnings: await exposureWarnings(session, { ...unit, ports }, observation),
        });
    }
    const errors = all.flatMap((found) => found.errors);
    const warnings = all.flatMap((found) => found.warnings);
    const fresh = (texts: readonly string[]) =>
        texts.filter((text) => !session.told.has(text) && session.told.add(text));
    const warned = fresh([...warnings, ...firewallWarnings(unit.text, observation)]);
    await Promise.all(
        warned.map((text) => pulumi.log.warn(`${session.name}: ${text}`, session.component)),
    );
    const wrong = fresh(errors);
    if (wrong.length > 0) {
        const head = `${unit.title} cannot be applied on ${session.name}:`;
        throw new Refusal([head, ...wrong].join("\n    "));
    }
}

/** The Docker provider logs in by itself, and has no sudo: told in an up too, where it fails in other words. */
export async function objectToContainers(
    session: Pick<HostSession, "name" | "probe" | "connection">,
): Promise<void> {
    const [probed, connection] = await Promise.all([session.probe, known(session.connection)]);
    const user = connection?.user ?? "root";
    const problem = probed.status === "answered" ? loginProblem(probed, user) : undefined;
    if (problem !== undefined) {
        throw new Refusal(`${session.name}: containers are created there as ${user}, ${problem}`);
    }
}

const START_FILES =
    "~/.bashrc or /etc/bash.bashrc, ~/.zshenv or /etc/zsh/zshenv, ~/.config/fish/, ~/.cshrc or ~/.tcshrc; " +
    "or ~/.ssh/rc or /etc/ssh/sshrc";

function loginProblem({ printed, observation }: Answered, user: string): string | undefined {
    const { facts } = observation;
    const engine = facts.get("docker")?.[0];
    if (printed !== undefined) {
        return (
            `whose login prints "${printable(printed)}", which the Docker provider mistakes for Docker's answer: ` +
            `find it in the start files of the shell (${START_FILES}), and let it print only to terminals`
        );
    }
    if (facts.has("login-tls")) {
        return (
            "whose environment has DOCKER_TLS or DOCKER_TLS_VERIFY, but the host's own socket does not use TLS: " +
            `find it in the start files of the shell (${START_FILES}), /etc/environment or ~/.ssh/environment`
        );
    }
    const runs = !["none", "stopped", "silent"].includes(engine ?? "");
    return facts.get("socket")?.[0] === "no" && runs
        ? `who is not in the docker group: run \`usermod -aG docker ${user}\` there, or log in as root`
        : undefined;
}

/** Anybody's text, in a message of ours. */
function printable(text: string): string {
    return text.replace(/\p{Cc}/gu, "").slice(0, 60);
}

/** A container that somebody has made under the name of ours would be wired in its place. */
export async function objectToStranger(
    { name, probe }: Pick<HostSession, "name" | "probe">,
    container: string,
): Promise<void> {
    const probed = await probe;
    const seen =
        probed.status === "answered" ? seenContainers(probed.observation.facts) : undefined;
    if (seen?.some((other) => other.name === container && other.owner === "")) {
        throw new Refusal(
            `${name}: container ${container} exists, but is not the one that this program creates: remove it ` +
                `(docker rm -f ${container}), and \`pulumi up --refresh\` creates it; or choose another name`,
        );
    }
}
