// What stops resources of a host. Whatever is stopped awaits it, so nothing that throws is left to itself.
import { type CheckedUnit, type HostChecks, type HostSession } from "../run/session";
import { checkContainers } from "./containers";
import { checkHost, tellContainers } from "./host";
import { checkUnit, tellExposures } from "./unit";
import { usable } from "./usable";

export function hostChecks(
    session: Omit<HostSession, "checks">,
    { strict, agent }: { readonly strict: boolean; readonly agent: Promise<string | undefined> },
): HostChecks {
    const host = Promise.all([usable({ ...session, agent }), checkHost(session, strict)]);
    // Told at the end of the program, for which no input may wait; not of a host that is refused.
    host.then(
        () => tellContainers(session),
        () => undefined,
    );
    let containers: Promise<void> | undefined;
    return {
        host: host.then(() => undefined),
        containers: () => (containers ??= checkContainers(session)),
        unit: (unit: CheckedUnit) => {
            // Images of other attachments may come from what this unit makes, so it must not wait for them.
            tellExposures(session, unit).catch(() => undefined);
            return checkUnit(session, unit);
        },
    };
}
