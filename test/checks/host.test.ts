import { unfitness } from "../../components/checks/host";
import { messages } from "../../components/preview/host";
import { answered, observation } from "../support/builders";
import { mockedStack } from "../support/mocks";

const ADDRESSES = ["eth0 192.168.40.11/24 1500", "eth1 10.0.0.5/24 9000"];

function host(facts: Record<string, string[]>) {
    return observation({ facts: new Map(Object.entries(facts)) });
}

test.each<[string, Record<string, string[]>, string | undefined, string[]]>([
    ["at its address", { address: ADDRESSES }, "10.0.0.5", []],
    ["no address is wanted", {}, "", []],
    ["the address is not known yet", {}, undefined, []],
    [
        "another address, of which one begins alike",
        { address: ADDRESSES },
        "192.168.40.1",
        [
            'no interface there has the address 192.168.40.1, at which other hosts would reach it; found eth0 192.168.40.11/24, eth1 10.0.0.5/24: set address: "..."',
        ],
    ],
    [
        "no address at all",
        {},
        "192.168.40.1",
        [
            'no interface there has the address 192.168.40.1, at which other hosts would reach it; found none: set address: "..."',
        ],
    ],
])("%s", (_, facts, address, expected) => {
    expect(unfitness(host(facts), address)).toEqual(expected);
});

test("a preview fails by it", async () => {
    await mockedStack({ preview: true });
    expect(messages("vm1", answered(host({})), false, "192.168.40.1")).toEqual([
        {
            severity: "error",
            text: 'no interface there has the address 192.168.40.1, at which other hosts would reach it; found none: set address: "..."',
        },
    ]);
});
