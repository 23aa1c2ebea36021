import { exclusiveKeys } from "../entries";
import { type Unit } from "../wire/unit";
import { Refusal } from "./refuse";
import { type HostSession } from "./session";

/** Names may come late, so two units of a program may turn out to hold one thing: they would take it from each other. */
export function claimEntries(
    { name, things }: Pick<HostSession, "name" | "things">,
    title: string,
    wanted: Unit,
): void {
    const taken = exclusiveKeys(wanted).flatMap((key) => {
        const holder = things.claim(`the entry ${key}`, title) ?? title;
        return holder === title
            ? []
            : [`${key} is already managed by ${holder}: leave one of them out`];
    });
    if (taken.length > 0) {
        throw new Refusal([`${title} cannot be applied on ${name}:`, ...taken].join("\n    "));
    }
}
