import type * as pulumi from "@pulumi/pulumi";

/** A host, as other components take it. `Host` is one. */
export interface HostHandle {
    /** Logical name, under which networks list this host. */
    readonly hostName: pulumi.Output<string>;
    /** Address at which other hosts reach it; empty if none is known. */
    readonly address: pulumi.Output<string>;
}
