// Messages to the user, by way of the engine.
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { type Severity } from "./resource";

export class EngineLog {
    private client: EngineClient | undefined;
    private readonly underWay = new Set<Promise<void>>();

    constructor(public address: string) {}

    /** A message that is lost is no reason to fail. */
    write(urn: string, severity: Severity, message: string, passing: boolean): void {
        this.client ??= new EngineClient(this.address, grpc.credentials.createInsecure());
        const request = new LogRequest()
            .setUrn(urn)
            .setSeverity(LogSeverity[severity])
            .setMessage(message)
            .setEphemeral(passing);
        const { client } = this;
        const sent = new Promise<void>((resolve) => {
            client.log(request, () => {
                resolve();
            });
        });
        this.underWay.add(sent);
        void sent.then(() => this.underWay.delete(sent));
    }

    async flush(): Promise<void> {
        await Promise.all(this.underWay);
    }
}
