import type * as pulumi from "@pulumi/pulumi";

/** A host as other components take it. `Host` is one. */
export interface HostHandle {
    /** Logical name; the key under which networks list this host. */
    readonly hostName: pulumi.Output<string>;
    /** Address by which other hosts reach it; empty where none is known. */
    readonly address: pulumi.Output<string>;
}
