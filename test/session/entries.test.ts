import { planAttachment } from "../../components/attachment/plan";
import { claimEntries } from "../../components/run/entries";
import { Claims } from "../../components/wire/claims";
import { refusal } from "../support/builders";
import { unitOf } from "../support/units";

/** A container that exists already, whose name was not known before. */
function attached(container: string, network: string, more: { defaultRoute?: boolean } = {}) {
    const place = { container, network, ipv4Address: "10.42.1.200", aliases: [], existing: true };
    return planAttachment({ ...place, ...more });
}

test("two late names that turn out one container on one network are refused, with who holds it", () => {
    const vm1 = { name: "vm1", things: new Claims() };
    claimEntries(
        vm1,
        'ContainerAttachment "a"',
        attached("postgres", "mesh", { defaultRoute: true }),
    );
    expect(
        refusal(() => {
            claimEntries(
                vm1,
                'ContainerAttachment "b"',
                attached("postgres", "mesh", { defaultRoute: true }),
            );
        }),
    ).toBe(
        'ContainerAttachment "b" cannot be applied on vm1:\n' +
            '    default-route postgres is already managed by ContainerAttachment "a": leave one of them out\n' +
            '    docker endpoint postgres mesh is already managed by ContainerAttachment "a": leave one of them out',
    );
});

test("what units hold together, or each for itself, is in nobody's way", () => {
    const vm1 = { name: "vm1", things: new Claims() };
    const vm2 = { name: "vm2", things: new Claims() };
    const one = attached("postgres", "mesh");
    const shared = unitOf("sysctl net.ipv4.ip_forward: 1\nnft forward 1-x: accept\n");
    claimEntries(vm1, 'ContainerAttachment "a"', one);
    claimEntries(vm1, 'ContainerAttachment "a"', one); // a second preview of the same in one process
    claimEntries(vm1, 'ContainerAttachment "b"', attached("postgres", "lan")); // the same service for both
    claimEntries(vm1, 'ContainerAttachment "c"', attached("api", "mesh"));
    claimEntries(vm2, 'ContainerAttachment "d"', one);
    claimEntries(vm1, 'Bridge "lan"', shared);
    claimEntries(vm1, 'Overlay "mesh"', shared);
});
