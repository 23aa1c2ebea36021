import { unfitness } from "../../components/realize/fitness";
import { messages } from "../../components/realize/tell";
import { answered, observation } from "../support/builders";
import { mockedStack } from "../support/mocks";

const ADDRESSES = ["eth0 192.168.40.11/24 1500", "eth1 10.0.0.5/24 9000"];

function host(facts: Record<string, string[]>) {
    return observation({ facts: new Map(Object.entries(facts)) });
}

test.each<[string, Record<string, string[]>, string | undefined, string[]]>([
    ["root, at its address", { user: ["root"], address: ADDRESSES }, "10.0.0.5", []],
    ["says nothing of its user", { address: ADDRESSES }, "192.168.40.11", []],
    ["no address is wanted", { user: ["root"] }, "", []],
    ["the address is not known yet", { user: ["root"] }, undefined, []],
    [
        "another address, of which one begins alike",
        { address: ADDRESSES },
        "192.168.40.1",
        [
            'no interface there has the address 192.168.40.1, by which other hosts would reach it; found eth0 192.168.40.11/24, eth1 10.0.0.5/24: write address: "..."',
        ],
    ],
    [
        "no address at all",
        {},
        "192.168.40.1",
        [
            'no interface there has the address 192.168.40.1, by which other hosts would reach it; found none: write address: "..."',
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
            text: 'no interface there has the address 192.168.40.1, by which other hosts would reach it; found none: write address: "..."',
        },
    ]);
});
