import { type ComponentResourceOptions } from "@pulumi/pulumi";
import { type ConnectionArgs, Host, type HostArgs } from "../../components";
import { choices } from "../../components/attachment/plan";
import { type HostNetwork } from "../../components/network/hostNetwork";
import { type Observation, type ProbeResult } from "../../components/facts/observation";
import { type PlannedHost } from "../../components/network/members";
import { type OverlaySpec, overlaySchema } from "../../components/overlay/schema";
import { type StackIdentity } from "../../components/wire/identity";

export const IDENTITY: StackIdentity = { project: "crosshost", stack: "demo" };
export const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHostKeyOfTheTests";
export const PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END";

export function connection(host: string, more: Partial<ConnectionArgs> = {}): ConnectionArgs {
    return { host, privateKey: PRIVATE_KEY, hostKey: HOST_KEY, ...more };
}

export function host(
    name: string,
    last: number,
    more: Partial<HostArgs> = {},
    opts?: ComponentResourceOptions,
): Host {
    return new Host(name, { connection: connection(`192.168.40.${last}`), ...more }, opts);
}

/** vm1, vm2 ...: reached at 192.168.40.11, .12 ... */
export function hosts(count: number): Host[] {
    return Array.from({ length: count }, (_, at) => host(`vm${at + 1}`, at + 11));
}

/** A host as the plan sees it. */
export function planned(name: string, more: Partial<PlannedHost> = {}): PlannedHost {
    const id = Number(/\d+$/.exec(name)?.[0]) || undefined;
    return { name, id, mtu: undefined, addressNow: undefined, ...more };
}

/** The address that an attachment gets where nobody else has it. */
export function firstChoice(name: string, network: HostNetwork, identity = IDENTITY): string {
    const { value } = choices(identity, name, network).next();
    if (value === undefined) {
        throw new Error(`none is free in ${network.subnet}`);
    }
    return value;
}

export function overlaySpec(more: object = {}): OverlaySpec {
    return overlaySchema.parse({
        hosts: [{}],
        cidr: "10.42.0.0/16",
        backend: { vxlan: {} },
        ...more,
    });
}

export function observation(more: Partial<Observation> = {}): Observation {
    return {
        units: new Map(),
        absent: "t0",
        facts: new Map(),
        rules: [],
        goneContainers: [],
        stoppedContainers: [],
        takenBack: new Map(),
        ...more,
    };
}

export function answered(more: Partial<Observation> = {}): ProbeResult {
    return { status: "answered", observation: observation(more) };
}

/** The message that a program ends with; fails where it does not. */
export function refusal(act: () => unknown): string {
    try {
        act();
    } catch (error) {
        return error instanceof Error ? error.message : String(error);
    }
    throw new Error("nothing was refused");
}
