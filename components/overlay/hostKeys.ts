// Where a backend encrypts, each host makes a private key, in a unit of its own that waits for nobody. What it tells of it, the
// public half, lies in the state: so it is known in later runs, also of a host that is down.
import * as pulumi from "@pulumi/pulumi";
import { type HostSession } from "../run/session";
import { keyCommand } from "../resources/command";
import { privateKeyEntry, publicKeyIn } from "../entries/private-key/private-key";
import { unitName } from "../wire/identity";
import { known } from "../wire/known";
import { titleOf } from "../wire/problem";
import { unit } from "../wire/unit";
import { type Keys } from "./backends/backend";
import { type PublicKeys, type OverlayLayout } from "./plan";

interface Told {
    readonly host: string;
    readonly isGone: boolean;
    /** Empty of a host that has none of this generation. */
    readonly key: pulumi.Output<string>;
}

/** The public keys of the hosts, by their names; none where the backend has no keys. */
export function hostKeys(
    overlay: pulumi.ComponentResource,
    of: string,
    { plan, backend }: OverlayLayout,
    sessions: readonly HostSession[],
): pulumi.Output<PublicKeys> {
    const keys = backend.keys(plan);
    if (keys === undefined) {
        return pulumi.output<PublicKeys>({});
    }
    const told = sessions.map((session): Told => {
        const said = keyCommand(session, overlay, {
            of,
            name: unitName("key", plan.name),
            title: titleOf("Overlay", of),
            wanted: pulumi.output(unit([privateKeyEntry(keys.device)])),
        });
        const key = said.apply((text = "") => publicKeyIn(text, keys.device));
        return { host: session.name, isGone: session.gone, key };
    });
    return pulumi.runtime.isDryRun()
        ? pulumi.output(previewed(overlay, told, keys))
        : pulumi.all(Object.fromEntries(told.map(({ host, key }) => [host, key]))).apply(keysOf);
}

/** A host that is gone may never have had one, and one that does not answer has that of a generation before. */
function keysOf(told: Readonly<Record<string, string>>): PublicKeys {
    return Object.fromEntries(Object.entries(told).filter(([, key]) => key !== ""));
}

/** A key that is not known before an `up` has made it is a word in its place, so that all else is shown, and checked. */
async function previewed(
    overlay: pulumi.ComponentResource,
    told: readonly Told[],
    { generation }: Keys,
): Promise<PublicKeys> {
    const seen = await Promise.all(
        told.map(async (one) => ({ ...one, key: await known(one.key) })),
    );
    const hosts = (those: typeof seen) => those.map(({ host }) => host);
    const former = hosts(seen.filter(({ key, isGone }) => key === "" && !isGone));
    if (former.length > 0) {
        const text = `the keys of ${former.join(", ")} are not of keyGeneration ${generation} yet: the other hosts have no tunnel to there until an \`up\` that reaches it`;
        await pulumi.log.warn(text, overlay);
    }
    const unknown = hosts(seen.filter(({ key }) => key === undefined));
    if (unknown.length > 0) {
        const words = unknown.map(wordFor).join(", ");
        const text = `the keys of ${unknown.join(", ")} are made by the next \`pulumi up\`, and shown as ${words} until then`;
        await pulumi.log.info(text, overlay);
    }
    return keysOf(Object.fromEntries(seen.map(({ host, key }) => [host, key ?? wordFor(host)])));
}

function wordFor(host: string): string {
    return `made-by-${host.replace(/[^A-Za-z0-9-]+/g, "-")}`;
}
