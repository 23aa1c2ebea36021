// A gRPC server as the engine expects of a plugin: it prints its port, and only that, as its first
// line; it ends on SIGINT; and it does not outlive the engine.
import * as grpc from "@grpc/grpc-js";

/** An error that the engine is to see with more than its text. */
export class StatusError extends Error {
    constructor(
        readonly code: grpc.status,
        message: string,
        readonly metadata?: grpc.Metadata,
    ) {
        super(message);
    }
}

export function unary<Request, Response>(
    handle: (
        request: Request,
        call: grpc.ServerUnaryCall<Request, Response>,
    ) => Promise<Response> | Response,
): grpc.handleUnaryCall<Request, Response> {
    return (call, done) => {
        void settle(() => handle(call.request, call)).then(
            (response) => {
                done(null, response);
            },
            (error: unknown) => {
                done(statusOf(error));
            },
        );
    };
}

export function streaming<Request, Response>(
    handle: (request: Request, call: grpc.ServerWritableStream<Request, Response>) => Promise<void>,
): grpc.handleServerStreamingCall<Request, Response> {
    return (call) => {
        void settle(() => handle(call.request, call)).then(
            () => {
                call.end();
            },
            (error: unknown) => {
                call.emit("error", statusOf(error));
            },
        );
    };
}

/** Serves on a free port of the loopback until a signal comes; `onSignal` runs before the end. */
export function serve(
    service: grpc.ServiceDefinition,
    implementation: grpc.UntypedServiceImplementation,
    onSignal: (signal: NodeJS.Signals) => void = () => undefined,
): void {
    const server = newServer(service, implementation);
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error) {
            process.stderr.write(`cannot listen on the loopback: ${error.message}\n`);
            process.exit(1);
        }
        process.stdout.write(`${port}\n`);
    });
    endWithParent();
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
        process.on(signal, () => {
            onSignal(signal);
            process.exit(0);
        });
    }
}

export function newServer(
    service: grpc.ServiceDefinition,
    implementation: grpc.UntypedServiceImplementation,
): grpc.Server {
    const server = new grpc.Server({
        "grpc.max_receive_message_length": -1,
        "grpc.max_send_message_length": -1,
    });
    server.addService(service, implementation);
    return server;
}

/** The engine kills its plugins; should it be killed itself, they are not to stay behind. */
function endWithParent(): void {
    const parent = process.ppid;
    setInterval(() => {
        if (process.ppid !== parent) {
            process.exit(0);
        }
    }, 1000).unref();
}

async function settle<T>(work: () => Promise<T> | T): Promise<T> {
    return await work();
}

function statusOf(error: unknown): Partial<grpc.StatusObject> {
    if (error instanceof StatusError) {
        return { code: error.code, details: error.message, metadata: error.metadata };
    }
    const details = error instanceof Error ? error.message : String(error);
    return { code: grpc.status.UNKNOWN, details };
}
