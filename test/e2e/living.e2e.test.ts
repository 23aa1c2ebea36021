import { CONTAINERS, type HostName, unreached } from "../support/demo";
import { baseline, difference, dumps, HOSTS } from "../support/hosts";
import { on } from "../support/lab";
import { type Config, Stack } from "../support/stack";

describe("a living stack", () => {
    const stack = new Stack("demo");
    let before: string[];

    beforeAll(async () => {
        before = await baseline();
        stack.up();
    });

    afterAll(() => {
        stack.cleanUp();
    });

    it.each<[string, Config, RegExp]>([
        ["VNI", { vni: 4711 }, /~ link vx-mesh-\S+ *: "vxlan id \d+ .*" => "vxlan id 4711 /],
        [
            "MTU",
            { vni: 4711, mtu: 1400 },
            /~ docker network \S+ *: ".* mtu 1450 .*" => ".* mtu 1400 /,
        ],
    ])("changes its %s under running containers", (_what, config, shows) => {
        const containers = HOSTS.map(containerId);
        stack.configure(config);
        expect(stack.preview()).toMatch(shows);
        stack.up();
        expect(HOSTS.map(containerId)).toEqual(containers);
        expect(unreached(stack)).toEqual([]);
    });

    it("has the new MTU in its containers", () => {
        const mtus = HOSTS.map((host) =>
            on(host, `docker exec ${CONTAINERS[host]} sh -c 'cat /sys/class/net/eth*/mtu'`).trim(),
        );
        expect(mtus).toEqual(["1400", "1400", "1400"]);
    });

    it("changes its subnets; containers whose addresses change are made anew", () => {
        stack.configure({ cidr: "10.77.0.0/16" });
        expect(stack.preview()).toMatch(/\+ route 10\.77\.2\.0\/24/);
        stack.up();
        expect(unreached(stack)).toEqual([]);
        expect(on("vm1", "ip route show proto 201")).not.toContain("10.42.");
    });

    it("has nothing to do, after a refresh neither", () => {
        stack.nothingToDo("preview", "--refresh");
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        expect(difference(before, await dumps())).toEqual([]);
    });
});

function containerId(host: HostName): string {
    return on(host, `docker inspect -f '{{.Id}}' ${CONTAINERS[host]}`);
}
