// The command plugin connects to the SSH agent for each command, beside a private key too: one that is dead
// fails them all with `dial unix ...`, which names no host.
import { connect } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { agentSocket } from "./agentSocket";
import { known } from "../wire/known";

interface Login {
    readonly agentSocketPath?: pulumi.Input<string>;
}

/** Why no command would get as far as to the host. Undefined, too, where the socket is not known yet. */
export async function agentProblem({
    proxy,
    ...login
}: Login & { readonly proxy?: Login }): Promise<string | undefined> {
    return (
        (await problemOf(login, "its agentSocketPath")) ??
        (proxy && (await problemOf(proxy, "its jump host's agentSocketPath")))
    );
}

async function problemOf({ agentSocketPath }: Login, field: string): Promise<string | undefined> {
    const said = await known(pulumi.output(agentSocketPath).apply((path) => ({ path })));
    const socket = said && agentSocket(said.path);
    if (socket === undefined || (await isAnswered(socket))) {
        return undefined;
    }
    const [where, mend] =
        said?.path === undefined
            ? ["where SSH_AUTH_SOCK points", "unset SSH_AUTH_SOCK"]
            : [field, "leave it out"];
    return (
        `no SSH agent answers at ${socket}, ${where}: ${mend}, or start the agent; ` +
        "commands on hosts fail without it, even if there is a private key"
    );
}

function isAnswered(socketPath: string): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = connect(socketPath);
        socket.once("connect", () => {
            socket.destroy();
            resolve(true);
        });
        socket.once("error", () => {
            resolve(false);
        });
    });
}
