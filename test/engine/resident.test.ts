// A process that stays, to which the CLI attaches itself operation by operation.
import * as grpc from "@grpc/grpc-js";
import { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import {
    ResourceProviderClient,
    ResourceProviderService,
} from "@pulumi/pulumi/proto/provider_grpc_pb";
import { type Plugin, session } from "../../lab/pulumi/plugin/provider";
import { type ResourceType } from "../../lab/pulumi/plugin/resource";
import { type Listening, serveEach } from "../../lab/pulumi/plugin/server";
import { text, toStruct } from "../../lab/pulumi/plugin/values";

const URN = "urn:pulumi:dev::project::thing:index:Thing::it";

const thing: ResourceType<string> = {
    deleteBeforeReplace: false,
    check: (inputs) => ({ inputs, failures: [] }),
    diff: () => [],
    preview: (inputs) => inputs,
    create: (inputs, { config }) => Promise.resolve({ id: config, outputs: inputs }),
    update: (_id, inputs) => Promise.resolve(inputs),
    read: () => Promise.resolve(undefined),
    delete: () => Promise.resolve(),
};

const released: string[] = [];
const plugin: Plugin<string> = {
    identity: { executable: "thing", version: "1.0.0", what: "A thing.", details: "" },
    provider: {
        resources: { "thing:index:Thing": thing },
        checkConfig: (inputs) => inputs,
        configure: (args) => text(args["host"]) ?? "",
        release: (host) => {
            released.push(host);
        },
    },
};

type Call<Response> = (done: (error: grpc.ServiceError | null, response: Response) => void) => void;

function called<Response>(call: Call<Response>): Promise<Response> {
    return new Promise((resolve, reject) => {
        call((error, response) => {
            if (error) {
                reject(error);
            } else {
                resolve(response);
            }
        });
    });
}

describe("a plugin's process that stays", () => {
    let listening: Listening;
    const clients: ResourceProviderClient[] = [];

    /** As the engine does for each provider resource: a connection, and then its arguments. */
    async function attached(host: string): Promise<ResourceProviderClient> {
        const client = new ResourceProviderClient(
            `127.0.0.1:${listening.port}`,
            grpc.credentials.createInsecure(),
            { "grpc.use_local_subchannel_pool": 1 },
        );
        clients.push(client);
        const engine = new PluginAttach().setAddress("127.0.0.1:1");
        await called((done) => client.attach(engine, done));
        const request = new rpc.ConfigureRequest().setArgs(toStruct({ host }));
        await called<rpc.ConfigureResponse>((done) => client.configure(request, done));
        return client;
    }

    async function idOf(client: ResourceProviderClient): Promise<string> {
        const request = new rpc.CreateRequest().setUrn(URN).setProperties(toStruct({}));
        return (await called<rpc.CreateResponse>((done) => client.create(request, done))).getId();
    }

    beforeAll(async () => {
        listening = await serveEach(ResourceProviderService, () => session(plugin));
    });

    afterAll(() => {
        clients.forEach((client) => {
            client.close();
        });
        listening.close();
    });

    it("keeps the arguments of each connection apart, and lets go of what it had with it", async () => {
        const first = await attached("vm1");
        const second = await attached("vm2");
        expect(await idOf(first)).toBe("vm1");
        expect(await idOf(second)).toBe("vm2");
        first.close();
        while (released.length === 0) {
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
        expect(released).toEqual(["vm1"]);
        expect(await idOf(second)).toBe("vm2");
    });
});
