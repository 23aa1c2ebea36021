import { z } from "zod";
import { type Claim } from "../../network/claims";
import { type Overhead } from "../../wire/mtu";
import { type Backend, type Member, type OverlayPlan, type Wire } from "./backend";
import { direct } from "./direct";
import { vxlan } from "./vxlan";

const choices = {
    vxlan: vxlan.options.optional().describe("VXLAN with static routes."),
    direct: direct.options.optional().describe("Plain routes, for hosts that share a link."),
};

/** The argument `backend`: one key for each way over the wire, exactly one of them given. */
export const backendChoice = z.strictObject(choices).check(({ value, issues }) => {
    const given = Object.values<unknown>(value).filter((chosen) => chosen !== undefined);
    if (given.length !== 1) {
        const all = Object.keys(choices).map((name) => `{ ${name}: {} }`);
        issues.push({
            code: "custom",
            input: value,
            message: `needs exactly one backend: ${all.join(" or ")}`,
        });
    }
});

type BackendChoice = z.output<typeof backendChoice>;

/** A backend with its options in place. */
export interface ChosenBackend {
    readonly overhead: Overhead;
    readonly needsOneLink: boolean;
    readonly claims: (overlay: OverlayPlan) => readonly Claim[];
    readonly plan: (overlay: OverlayPlan, member: Member, peers: readonly Member[]) => Wire;
}

/** By the type, none of the choice's keys is without its backend. */
const BACKENDS: Record<keyof BackendChoice, (choice: BackendChoice) => ChosenBackend | undefined> =
    {
        vxlan: (choice) => choice.vxlan && bind(vxlan, choice.vxlan),
        direct: (choice) => choice.direct && bind(direct, choice.direct),
    };

/** The key of the one that is given, as `vxlan`. */
export function backendName(choice: BackendChoice): string {
    return given(choice).name;
}

export function chosenBackend(choice: BackendChoice): ChosenBackend {
    return given(choice).backend;
}

function given(choice: BackendChoice): { name: string; backend: ChosenBackend } {
    for (const [name, chosenIn] of Object.entries(BACKENDS)) {
        const backend = chosenIn(choice);
        if (backend) {
            return { name, backend };
        }
    }
    throw new Error("the schema lets no choice pass that gives no backend");
}

function bind<S extends z.ZodType>(backend: Backend<S>, options: z.output<S>): ChosenBackend {
    return {
        overhead: backend.overhead,
        needsOneLink: backend.needsOneLink,
        claims: (overlay) => backend.claims(overlay, options),
        plan: (overlay, member, peers) => backend.plan(overlay, options, member, peers),
    };
}
