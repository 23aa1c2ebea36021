import { type Plugin } from "../plugin/provider";
import { remoteCommand } from "./command";
import { closeAll } from "./connection";

export const command: Plugin<object> = {
    identity: {
        executable: "pulumi-resource-command",
        version: "1.2.1",
        what: "A stand-in for Pulumi's command plugin, for the lab of Crosshost only.",
        details: `
It knows command:remote:Command, which it runs as the published plugin does: one connection for each
operation, kept open to the end; the same retries, differences, outputs and errors. It has no
command:remote:CopyToRemote, CopyFile and nothing of command:local.

The Pulumi CLI starts it. It prints the port that it serves on and ends on SIGINT.`,
    },
    provider: {
        resources: { "command:remote:Command": remoteCommand },
        checkConfig: (inputs) => inputs,
        configure: () => ({}),
        release: closeAll,
    },
};
