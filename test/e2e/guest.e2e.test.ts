import { unreached } from "../support/demo";
import { baseline, difference, dumps } from "../support/hosts";
import { on } from "../support/lab";
import { Stack } from "../support/stack";

describe("another stack's container on an overlay", () => {
    const owner = new Stack("demo");
    const guest = new Stack("guest");
    let before: string[];

    beforeAll(async () => {
        before = await baseline();
        owner.up();
        guest.up();
    });

    afterAll(() => {
        guest.cleanUp();
        owner.cleanUp();
    });

    it("reaches the owner's containers and is reached by them", () => {
        const address = String(guest.outputs()["address"]);
        expect(address).toMatch(/^10\.42\.2\.\d+$/);
        for (const theirs of Object.values(owner.outputs()["addresses"] ?? {})) {
            on("vm2", `docker exec crosshost-guest-visitor ping -c 1 -W 2 ${String(theirs)}`);
        }
        on("vm1", `docker exec crosshost-demo-web ping -c 1 -W 2 ${address}`);
    });

    it("survives a change of the owner's network", () => {
        owner.configure({ mtu: 1400 });
        owner.up();
        owner.nothingToDo("preview");
        guest.nothingToDo("preview");
        const address = String(guest.outputs()["address"]);
        on("vm1", `docker exec crosshost-demo-web ping -c 1 -W 2 ${address}`);
    });

    it("goes without touching the owner, and the owner without a trace", async () => {
        guest.destroy();
        expect(unreached(owner)).toEqual([]);
        owner.destroy();
        expect(difference(before, await dumps())).toEqual([]);
    });
});
