import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NetnsHost, TOOLS } from "../support/netns";

/** Dumps of hosts that are in step with the unit beside them, each by another iproute2. */
const GOLDEN = join(__dirname, "golden");
const CASES = readdirSync(GOLDEN).flatMap((version) =>
    TOOLS.map((tools) => ({ version, ...tools })),
);
const STACK = "crosshost-demo-3fa9c1";

test.each(CASES)("what $version prints is read with $shell and $awk", ({ version, shell, awk }) => {
    const host = new NetnsHost({ shell, awk });
    const dump = (name: string) => join(GOLDEN, version, name);
    const print = (what: string, change = "") => `#!/bin/sh\nsed '${change}' ${dump(what)}\n`;
    const unit = readFileSync(dump("unit"), "utf8");
    host.put("ip", print("ip"));
    host.put("bridge", print("bridge"));
    host.sh(
        `mkdir -p /run/crosshost /var/lib/crosshost/${STACK}/units; cp ${dump("unit")} /var/lib/crosshost/${STACK}/units/mesh`,
    );
    const seen = host.observe(STACK);
    expect(seen.drift).toEqual([]);
    expect(seen.facts).toContain(`vxlan vx-mesh-4f2a1 1048999 20473 crosshost:${STACK}:mesh`);
    expect(host.apply("mesh", unit, STACK).stdout).toBe("mesh: in step, nothing to do\n");
    host.put(
        "ip",
        print(
            "ip",
            "s/ mtu 1450 / mtu 1400 /; s/ nolearning / /; /^unicast 10.42.[0-9]*.0.24 via/d",
        ),
    );
    expect(host.observe(STACK).drift).toEqual([
        "link ch-mesh-4f2a1: mtu 1400",
        "link vx-mesh-4f2a1: learning mtu 1400",
        expect.stringMatching(/^route 10\.42\.[123]\.0\/24: missing$/),
    ]);
    host.close();
});
