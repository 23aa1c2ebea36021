import { z } from "zod";
import { type Claim } from "../../network/claims";
import { type Overhead } from "../../wire/mtu";
import { type Backend, type Member, type OverlayPlan, type Wire } from "./backend";
import { direct } from "./direct";
import { vxlan } from "./vxlan";

/** The argument `backend`: one key for each way over the wire, exactly one of them given. */
export const backendChoice = z
    .strictObject({
        vxlan: vxlan.options.optional().describe("VXLAN with static routes."),
        direct: direct.options.optional().describe("Routes by the hosts, which share a link."),
    })
    .check(({ value, issues }) => {
        const given = Object.values<unknown>(value).filter((options) => options !== undefined);
        if (given.length !== 1) {
            issues.push({
                code: "custom",
                input: value,
                message: "needs exactly one backend: { vxlan: {} } or { direct: {} }",
            });
        }
    });

/** The key of the one that is given, as `vxlan`. */
export function backendName(choice: z.output<typeof backendChoice>): string {
    const given = Object.entries<unknown>(choice).find(([, options]) => options !== undefined);
    return given?.[0] ?? "";
}

/** A backend with its options in place. */
export interface ChosenBackend {
    readonly overhead: Overhead;
    readonly needsOneLink: boolean;
    readonly claims: (overlay: OverlayPlan) => readonly Claim[];
    readonly plan: (overlay: OverlayPlan, member: Member, peers: readonly Member[]) => Wire;
}

export function chosenBackend(choice: z.output<typeof backendChoice>): ChosenBackend {
    return choice.direct ? bind(direct, choice.direct) : bind(vxlan, choice.vxlan ?? {});
}

function bind<S extends z.ZodType>(backend: Backend<S>, options: z.output<S>): ChosenBackend {
    return {
        overhead: backend.overhead,
        needsOneLink: backend.needsOneLink,
        claims: (overlay) => backend.claims(overlay, options),
        plan: (overlay, member, peers) => backend.plan(overlay, options, member, peers),
    };
}
