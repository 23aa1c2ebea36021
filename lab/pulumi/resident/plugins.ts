// Both plugins in one process that stays, to which the CLI attaches itself for an operation, where it
// would start one for each provider; and who keeps the keys of stacks.
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { command } from "../command/plugin";
import { docker } from "../docker/plugin";
import { session } from "../plugin/provider";
import { serveEach } from "../plugin/server";
import { serveAs } from "./serve";
import { serveVault } from "./vault";

async function plugins(): Promise<NodeJS.ProcessEnv> {
    const [commands, containers, vault] = await Promise.all([
        serveEach(ResourceProviderService, () => session(command)),
        serveEach(ResourceProviderService, () => session(docker)),
        serveVault(),
    ]);
    return {
        PULUMI_DEBUG_PROVIDERS: `command:${commands.port},docker:${containers.port}`,
        ...vault,
    };
}

serveAs(plugins());
