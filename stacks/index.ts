import * as pulumi from "@pulumi/pulumi";

/** One program for each kind of environment; a stack of any other name runs `demo` with its config. */
const programs: Readonly<Record<string, () => Promise<object>>> = {
    demo: () => import("./demo"),
    guest: () => import("./guest"),
    macvlan: () => import("./tutorials/macvlan"),
    pipework: () => import("./tutorials/pipework"),
    "two-networks": () => import("./tutorials/two-networks"),
    ports: () => import("./tutorials/ports"),
    "container-mode": () => import("./tutorials/container-mode"),
    direct: () => import("./tutorials/direct"),
    "flat-lan": () => import("./tutorials/flat-lan"),
    "default-network": () => import("./tutorials/default-network"),
};

export = async () => (programs[pulumi.getStack()] ?? (() => import("./demo")))();
