// Where a backend encrypts, each host makes a private key, in a unit of its own that waits for nobody. What it tells of it, the
// public half, lies in the state: so it is known in later runs, also of a host that is down.
import * as pulumi from "@pulumi/pulumi";
import { type HostSession } from "../run/session";
import { keyCommand } from "../resources/command";
import { publicKeyIn } from "../entries/private-key/private-key";
import { unitName } from "../wire/identity";
import { known } from "../wire/known";
import { titleOf } from "../wire/problem";
import { unit } from "../wire/unit";
import { type PublicKeys, type OverlayLayout } from "./plan";

/** The public keys of the hosts, by their names; none where the backend has no keys. */
export function hostKeys(
    overlay: pulumi.ComponentResource,
    of: string,
    { plan, backend }: OverlayLayout,
    sessions: readonly HostSession[],
): pulumi.Output<PublicKeys> {
    const privateKey = backend.privateKey?.(plan);
    if (privateKey === undefined) {
        return pulumi.output<PublicKeys>({});
    }
    const told = sessions.map((session): [string, pulumi.Output<string>] => {
        const said = keyCommand(session, overlay, {
            of,
            name: unitName("key", plan.name),
            title: titleOf("Overlay", of),
            wanted: pulumi.output(unit([privateKey])),
        });
        return [session.name, said.apply(publicKeyIn)];
    });
    return pulumi.runtime.isDryRun()
        ? pulumi.output(previewed(overlay, told))
        : pulumi.all(Object.fromEntries(told)).apply(keysOf);
}

/** A host that is gone may never have had one. */
function keysOf(told: Readonly<Record<string, string>>): PublicKeys {
    return Object.fromEntries(Object.entries(told).filter(([, key]) => key !== ""));
}

/** A key that is not known before an `up` has made it is a word in its place, so that all else is shown, and checked. */
async function previewed(
    overlay: pulumi.ComponentResource,
    told: readonly [string, pulumi.Output<string>][],
): Promise<PublicKeys> {
    const keys = await Promise.all(
        told.map(async ([host, key]): Promise<[string, string | undefined]> => [
            host,
            await known(key),
        ]),
    );
    const unknown = keys.filter(([, key]) => key === undefined).map(([host]) => host);
    if (unknown.length > 0) {
        const words = unknown.map(wordFor).join(", ");
        const text = `the keys of ${unknown.join(", ")} are made by the next \`pulumi up\`, and shown as ${words} until then`;
        await pulumi.log.info(text, overlay);
    }
    return keysOf(Object.fromEntries(keys.map(([host, key]) => [host, key ?? wordFor(host)])));
}

function wordFor(host: string): string {
    return `made-by-${host.replace(/[^A-Za-z0-9-]+/g, "-")}`;
}
