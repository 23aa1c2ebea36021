import { z } from "zod";
import { type Claim } from "../../network/claims";
import { BACKENDS } from ".";
import { type Problem } from "../../wire/problem";
import { type Backend, type Keys, type Member, type OverlayPlan, type Wire } from "./backend";

const choices = Object.fromEntries(
    Object.entries(BACKENDS).map(([name, { options, summary }]) => [
        name,
        options.optional().describe(summary),
    ]),
);

/** The keys of backends that can be ports of the bridge. */
export const SWITCHING: readonly string[] = Object.entries(BACKENDS)
    .filter(([, { switched }]) => switched !== undefined)
    .map(([name]) => name);

/** The argument `backend`: one key for each way over the wire, exactly one of them given. */
export const backendChoice = z.strictObject(choices).check(({ value, issues }) => {
    const given = Object.values(value).filter((chosen) => chosen !== undefined);
    if (given.length !== 1) {
        const all = Object.keys(choices).map((name) => `{ ${name}: {} }`);
        issues.push({
            code: "custom",
            input: value,
            message: `needs exactly one backend: ${all.join(" or ")}`,
        });
    }
});

/** A backend with its options in place. */
export interface ChosenBackend extends Pick<Backend, "overhead" | "needs"> {
    /** Its key, as `vxlan`. */
    readonly name: string;
    readonly claims: (overlay: OverlayPlan) => readonly Claim[];
    readonly problems: (hosts: readonly string[]) => readonly Problem[];
    readonly notes: readonly string[];
    readonly keys: (overlay: OverlayPlan) => Keys | undefined;
    readonly plan: (overlay: OverlayPlan, member: Member, peers: readonly Member[]) => Wire;
}

/** The options are what the backend's own schema made of them. One that cannot be switched is as it is, to be judged. */
export function chosenBackend(
    choice: z.output<typeof backendChoice>,
    isSwitched: boolean,
): ChosenBackend {
    const found = Object.entries(BACKENDS).find(([name]) => choice[name] !== undefined);
    if (!found) {
        throw new Error("the schema lets no choice pass that gives no backend");
    }
    const [name, backend] = found;
    const options = choice[name];
    const form = (isSwitched ? backend.switched : undefined) ?? backend;
    return {
        name,
        overhead: form.overhead,
        needs: backend.needs,
        claims: (overlay) => backend.claims(overlay, options),
        problems: (hosts) => backend.problems?.(options, hosts) ?? [],
        notes: backend.notes?.(options) ?? [],
        keys: (overlay) => backend.keys?.(overlay, options),
        plan: (overlay, member, peers) => form.plan(overlay, options, member, peers),
    };
}
