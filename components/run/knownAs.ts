import * as pulumi from "@pulumi/pulumi";
import { type StackIdentity } from "../wire/identity";
import { isRecord } from "../wire/fields";
import { Refusal } from "./refuse";

/**
 * The project and stack by whose names hosts know what this program makes: those of the first `up`. A stack that was
 * renamed says them in its configuration: `pulumi config set crosshost:knownAs PROJECT/STACK`.
 */
export function stackKnownAs(): StackIdentity {
    const given = new pulumi.Config("crosshost").get("knownAs");
    if (given === undefined) {
        return { project: pulumi.getProject(), stack: pulumi.getStack() };
    }
    const [, project, stack] = /^([^/]+)\/([^/]+)$/.exec(given) ?? [];
    if (project === undefined || stack === undefined) {
        throw new Refusal(
            `crosshost:knownAs in the stack's configuration is "${given}": it must be PROJECT/STACK, the stack's former names`,
        );
    }
    return { project, stack };
}

/**
 * The name by which hosts know a component: of one that was renamed and says so by an alias, the name before. All that is
 * derived from its name stays as it is, so that the rename changes nothing there.
 */
export function knownAs(name: string, opts: pulumi.ComponentResourceOptions | undefined): string {
    return formerNames(opts).at(-1) ?? name;
}

/** In the order of the aliases; what is not written out there is left to Pulumi. */
export function formerNames(opts: pulumi.ComponentResourceOptions | undefined): string[] {
    const aliases = Array.isArray(opts?.aliases) ? opts.aliases : [];
    return aliases.map(nameOf).filter((former) => former !== undefined);
}

/** Of an alias that is written out: a URN, whose last part is the name, or an object. */
function nameOf(alias: unknown): string | undefined {
    const former = isRecord(alias) ? alias["name"] : alias;
    return typeof former === "string" ? former.split("::").at(-1) : undefined;
}
