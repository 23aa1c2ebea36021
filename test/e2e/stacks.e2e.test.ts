import { join } from "node:path";
import { baseline, difference, dumps, HOSTS } from "../support/hosts";
import { on, onAll } from "../support/lab";
import { Stack } from "../support/stack";

const PROGRAM = join(__dirname, "tenants");
const FIRST = { cidr: "10.70.0.0/16", vni: 70, port: 20970, hosts: "vm1 vm3" };

/** What somebody else has on a host that two stacks share. */
const FOREIGN = `
ip link add theirs type bridge && sysctl -qw net.ipv6.conf.theirs.disable_ipv6=1 && ip addr add 10.99.0.1/24 dev theirs && ip link set theirs up
ip route add 10.98.0.0/24 dev theirs
nft add table inet theirs && nft add chain inet theirs c && nft add rule inet theirs c ip saddr 10.99.0.5 drop
docker network create theirs >/dev/null`;
const FOREIGN_GONE =
    "ip link del theirs; nft delete table inet theirs; docker network rm theirs >/dev/null; sysctl -qw net.ipv4.ip_forward=1";

describe("two stacks with components of the same names on the same hosts", () => {
    const first = new Stack("tenant", PROGRAM);
    const second = new Stack("lodger", PROGRAM);
    let before: string[];

    beforeAll(async () => {
        await onAll(HOSTS, FOREIGN);
        before = await baseline();
        first.configure(FIRST);
        first.up();
    });

    afterAll(async () => {
        second.cleanUp();
        first.cleanUp();
        await onAll(HOSTS, FOREIGN_GONE);
    });

    it("are refused the same VNI and port by a preview that names the first", async () => {
        const alone = await dumps();
        second.configure({ ...FIRST, cidr: "10.71.0.0/16" });
        const { status, output } = second.attempt("preview", "--diff");
        expect(status).not.toBe(0);
        expect(output).toMatch(
            /VXLAN 70 on UDP port 20970 is taken by vx-net-\w+, overlay-net of stack crosshost-tenant-\w+/,
        );
        expect(difference(alone, await dumps())).toEqual([]);
    });

    it("work side by side, and see no drift in one another", () => {
        second.configure({ cidr: "10.71.0.0/16", hosts: "vm1 vm3" });
        second.up();
        for (const stack of [first, second]) {
            const [near, far] = stack.outputs()["addresses"] as [string, string];
            const name = stack === first ? "tenant" : "lodger";
            on("vm1", `docker exec crosshost-${name}-app1 ping -c 1 -W 2 ${far}`);
            on("vm3", `docker exec crosshost-${name}-app2 ping -c 1 -W 2 ${near}`);
            stack.nothingToDo("preview");
        }
    });

    it("leave the other and all that is foreign as they were", async () => {
        second.destroy();
        first.nothingToDo("up");
        const [, far] = first.outputs()["addresses"] as [string, string];
        on("vm1", `docker exec crosshost-tenant-app1 ping -c 1 -W 2 ${far}`);
        first.destroy();
        expect(difference(before, await dumps())).toEqual([]);
    });
});
