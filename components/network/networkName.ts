import type * as pulumi from "@pulumi/pulumi";
import { type HostHandle } from "../host/handle";
import { Refusal } from "../run/refuse";
import { sessionOf } from "../run/session";
import { DEFAULT_NETWORK } from "./defaultNetwork";
import { localNetwork } from "./handle";

/** Docker's name of a network on one of its hosts; what takes it waits until the network is there. */
export function networkNameOn(
    component: string,
    network: object,
    host: HostHandle,
): pulumi.Output<string> {
    const session = sessionOf(host);
    const local = localNetwork(network);
    const here = session && local?.networks[session.name]?.network;
    const command = session && local?.commands[session.name];
    const called = local?.isDefault ? DEFAULT_NETWORK : here;
    if (called === undefined || !command) {
        const hosts = Object.keys(local?.commands ?? {}).join(", ");
        throw new Refusal(
            `${component} "${local?.name ?? ""}" has no network on that host, only on ${hosts}`,
        );
    }
    return command.urn.apply(() => called);
}
