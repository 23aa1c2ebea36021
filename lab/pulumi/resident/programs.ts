// A language host that stays, and runs the programs itself.
import "../lightSdk";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { handlersOf } from "../language/host";
import { identity } from "../language/identity";
import { serveEach } from "../plugin/server";
import { runHere } from "./program";
import { serveAs } from "./serve";

async function programs(): Promise<NodeJS.ProcessEnv> {
    const { port } = await serveEach(LanguageRuntimeService, () => ({
        handlers: handlersOf(identity, "", runHere),
        end: () => undefined,
    }));
    return { PULUMI_DEBUG_LANGUAGES: `nodejs:${port}` };
}

serveAs(programs());
