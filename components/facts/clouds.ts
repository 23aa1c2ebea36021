/** What a host told of itself. */
export type Facts = ReadonlyMap<string, readonly string[]>;

/** Those that look at what their machines send, by what the machine's firmware says. */
const SIGNS = {
    "Amazon EC2": vendor(/^Amazon EC2/),
    "Google Cloud": vendor(/^Google/),
    /** Azure's vendor is Microsoft, as of any Hyper-V, and Oracle's QEMU: the asset tag tells. */
    Azure: chassis("7783-7084-3265-9085-8269-3286-77"),
    "Oracle Cloud": chassis("OracleCloud.com"),
    OpenStack: vendor(/^(OpenStack|Red Hat OpenStack)/),
    DigitalOcean: vendor(/^DigitalOcean/),
    "Hetzner Cloud": vendor(/^Hetzner/),
};

export type CloudName = keyof typeof SIGNS;

export const CLOUDS: readonly CloudName[] = [
    "Amazon EC2",
    "Google Cloud",
    "Azure",
    "Oracle Cloud",
    "OpenStack",
    "DigitalOcean",
    "Hetzner Cloud",
];

export function cloudOf(facts: Facts): CloudName | undefined {
    return CLOUDS.find((name) => SIGNS[name](facts));
}

function vendor(pattern: RegExp) {
    return (facts: Facts) => pattern.test(facts.get("vendor")?.[0] ?? "");
}

function chassis(tag: string) {
    return (facts: Facts) => facts.get("chassis")?.[0] === tag;
}
