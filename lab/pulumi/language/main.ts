import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { answerPerson, engineAddress } from "../plugin/identity";
import { serve } from "../plugin/server";
import { endAll } from "./children";
import { handlersOf } from "./host";
import { identity } from "./identity";

const args = process.argv.slice(2);
answerPerson(identity, args);
serve(LanguageRuntimeService, handlersOf(identity, engineAddress(args)), endAll);
