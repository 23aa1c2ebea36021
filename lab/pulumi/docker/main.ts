import { main } from "../plugin/provider";
import { checkConfig, configure } from "./config";
import { container } from "./container";
import { remoteImage } from "./remoteImage";

main({
    identity: {
        executable: "pulumi-resource-docker",
        version: "5.2.0",
        what: "A stand-in for Pulumi's docker plugin, for the lab of Crosshost only.",
        details: `
It knows docker.Container and docker.RemoteImage on engines reached by ssh://, and does with them
what the published plugin does: the same replacements, refreshes, errors, and the same blind spots.
It has no Network, Volume, Service, Image and no function, and reaches no engine by unix:// or tcp://.

The Pulumi CLI starts it. It prints the port that it serves on and ends on SIGINT.`,
    },
    provider: {
        resources: {
            "docker:index/container:Container": container,
            "docker:index/remoteImage:RemoteImage": remoteImage,
        },
        checkConfig,
        configure,
    },
});
