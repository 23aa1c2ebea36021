import sdk from "@pulumi/pulumi/package.json";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { answerPerson, engineAddress } from "../plugin/identity";
import { serve } from "../plugin/server";
import { endAll } from "./children";
import { handlersOf } from "./host";

const identity = {
    executable: "pulumi-language-nodejs",
    version: sdk.version,
    what: "A Node language host for the Pulumi CLI, for the lab of Crosshost only.",
    details: `
It runs Node programs, JavaScript and TypeScript, by the SDK in their node_modules; lists the
provider packages they need; and installs packages by npm. It neither generates nor converts
programs, and runs no plugin written for Node.

The Pulumi CLI starts it. It prints the port that it serves on and ends on SIGINT.`,
};

const args = process.argv.slice(2);
answerPerson(identity, args);
serve(LanguageRuntimeService, handlersOf(identity, engineAddress(args)), endAll);
