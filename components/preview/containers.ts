import { seenContainers } from "../facts/containers";
import { known } from "../wire/known";
import { type ProbeResult } from "../facts/observation";
import { Refusal } from "../run/refuse";
import { type HostSession } from "../run/session";

type Answered = Extract<ProbeResult, { readonly status: "answered" }>;

/** The Docker provider logs in by itself, and has no sudo: told in an up too, where it fails in other words. */
export async function checkContainers(
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
export async function checkStranger(
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
