// The address of an attachment that says none. The first choice comes from its name; the second is the next one, and so on:
//
//   given before, and still fit     stays, whoever comes or goes
//   anybody's                       gives way: of the program, of another unit of any stack, of another container
//
// What it was given before only hosts know: the unit there, or, where that host does not tell, what others are told by names.
import { type HostNetwork } from "../../network/hostNetwork";
import { type StackIdentity } from "../../wire/identity";
import { type Problem } from "../../wire/problem";
import { choices, isPlanned } from "../plan";

/** Who has what, as far as the program and its hosts know. */
export interface Surroundings {
    /** What it was given before, by the best witness first. */
    readonly before: readonly string[];
    /** The attachment of the program that has an address. */
    readonly claimed: (address: string) => string | undefined;
    /** Whether anybody else on the network's hosts has it. */
    readonly isHeld: (address: string) => boolean;
}

/** Undefined where all are somebody's. */
export function derive(
    identity: StackIdentity,
    name: string,
    network: HostNetwork,
    { before, claimed, isHeld }: Surroundings,
): { readonly address: string | undefined; readonly problems: readonly Problem[] } {
    const given = before.find((address) => isPlanned(address, network));
    if (given !== undefined) {
        return { address: given, problems: stayProblems(given, claimed(given)) };
    }
    for (const address of choices(identity, name, network)) {
        if (claimed(address) === undefined && !isHeld(address)) {
            return { address, problems: [] };
        }
    }
    const message = `no address is free in ${network.subnet}: choose a larger network, or remove attachments in an \`up\` before this one`;
    return { address: undefined, problems: [{ path: "ipv4Address", message }] };
}

/** Who writes an address that another was given before is told of it, whoever comes first in the program. */
function stayProblems(given: string, holder: string | undefined): Problem[] {
    const message = `${given}, its address so far, is set by "${holder ?? ""}": choose another there, or set ipv4Address here`;
    return holder === undefined ? [] : [{ path: "ipv4Address", message }];
}
