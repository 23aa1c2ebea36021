import type * as pulumi from "@pulumi/pulumi";
import { type HostSession } from "../run/session";

/** An attachment that this program has made, as others may need it. */
export interface Made {
    readonly session: HostSession;
    readonly name: pulumi.Output<string>;
    /** Of a container that is made here. */
    readonly id: pulumi.Output<string | undefined>;
    readonly created: boolean;
    /** What makes it, and what puts it in its place. */
    readonly resources: readonly pulumi.Resource[];
    readonly ipv4Address: pulumi.Output<string>;
    readonly networkName: pulumi.Output<string>;
}

const attachments = new WeakMap<object, Made>();

export function rememberAttachment(attachment: object, made: Made): void {
    attachments.set(attachment, made);
}

export function attachmentOf(attachment: object): Made | undefined {
    return attachments.get(attachment);
}
