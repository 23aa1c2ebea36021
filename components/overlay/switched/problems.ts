import { prefixOf } from "../../wire/address";
import { type Problem } from "../../wire/problem";
import { SWITCHING } from "../backends/choice";
import { type OverlaySpec } from "../schema";
import { LONGEST_CIDR } from "./slices";

/** What cannot be switched, and what a network that is has no use for. */
export function switchedProblems(spec: OverlaySpec, backend: string): Problem[] {
    return [...backendProblems(backend), ...prefixProblems(spec), ...defaultProblems(spec)];
}

export function switchedSizeProblems({ cidr }: OverlaySpec): Problem[] {
    const message = `"${cidr}" has no slice of automatic addresses for a host: choose a /${LONGEST_CIDR} or larger for a switched network`;
    return prefixOf(cidr) > LONGEST_CIDR ? [{ path: "cidr", message }] : [];
}

function backendProblems(backend: string): Problem[] {
    const able = SWITCHING.map((name) => `{ ${name}: {} }`).join(" or ");
    const message = `true is not possible with { ${backend}: {} }, which carries no broadcast: use ${able}, or leave it out`;
    return SWITCHING.includes(backend) ? [] : [{ path: "switched", message }];
}

function prefixProblems({ cidr, subnetPrefix }: OverlaySpec): Problem[] {
    const message = `${subnetPrefix ?? ""} has no use with switched: true, where ${cidr} is one subnet for all hosts: leave it out`;
    return subnetPrefix === undefined ? [] : [{ path: "subnetPrefix", message }];
}

function defaultProblems({ defaultNetwork }: OverlaySpec): Problem[] {
    const message =
        "true is not possible with switched: true: on Docker's default network no container keeps an address: leave one of them out";
    return defaultNetwork ? [{ path: "defaultNetwork", message }] : [];
}
