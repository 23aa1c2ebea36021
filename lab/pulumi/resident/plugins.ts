// Both plugins in one process that stays; the CLI attaches itself to it for an operation, where it
// would start one for each provider.
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { command } from "../command/plugin";
import { docker } from "../docker/plugin";
import { session } from "../plugin/provider";
import { serveEach } from "../plugin/server";
import { serveAs } from "./serve";

async function plugins(): Promise<NodeJS.ProcessEnv> {
    const [commands, containers] = await Promise.all([
        serveEach(ResourceProviderService, () => session(command)),
        serveEach(ResourceProviderService, () => session(docker)),
    ]);
    return { PULUMI_DEBUG_PROVIDERS: `command:${commands.port},docker:${containers.port}` };
}

serveAs(plugins());
