import { z } from "zod";
import { type Claim } from "../../network/claims";
import { type Overhead } from "../../wire/mtu";
import { type Backend, type Member, type OverlayPlan, type Wire } from "./backend";
import { vxlan } from "./vxlan";

/** The argument `backend`: one key for each way over the wire, exactly one of them given. */
export const backendChoice = z
    .strictObject({ vxlan: vxlan.options.optional().describe("VXLAN with static routes.") })
    .check(({ value, issues }) => {
        const given = Object.values<unknown>(value).filter((options) => options !== undefined);
        if (given.length !== 1) {
            issues.push({
                code: "custom",
                input: value,
                message: "needs exactly one backend: { vxlan: {} }",
            });
        }
    });

/** A backend with its options in place. */
export interface ChosenBackend {
    readonly overhead: Overhead;
    readonly claims: (overlay: OverlayPlan) => readonly Claim[];
    readonly plan: (overlay: OverlayPlan, member: Member, peers: readonly Member[]) => Wire;
}

export function chosenBackend(choice: z.output<typeof backendChoice>): ChosenBackend {
    return bind(vxlan, choice.vxlan ?? {});
}

function bind<S extends z.ZodType>(backend: Backend<S>, options: z.output<S>): ChosenBackend {
    return {
        overhead: backend.overhead,
        claims: (overlay) => backend.claims(overlay, options),
        plan: (overlay, member, peers) => backend.plan(overlay, options, member, peers),
    };
}
