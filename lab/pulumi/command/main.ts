import { main } from "../plugin/provider";
import { localCommand } from "./local";
import { remoteCommand } from "./remote";

main({
    identity: {
        executable: "pulumi-resource-command",
        version: "1.2.1",
        what: "A stand-in for Pulumi's command plugin, for the lab of Crosshost only.",
        details: `
It knows command:remote:Command, which it runs as the published plugin does: one connection for each
operation, kept open to the end; the same retries, differences, outputs and errors. It knows
command:local:Command too, but for assetPaths and archivePaths. It has no command:remote:CopyToRemote,
CopyFile and no function.

The Pulumi CLI starts it. It prints the port that it serves on and ends on SIGINT.`,
    },
    provider: {
        resources: {
            "command:remote:Command": remoteCommand,
            "command:local:Command": localCommand,
        },
        checkConfig: (inputs) => ({ inputs, failures: [] }),
        configure: () => ({}),
    },
});
