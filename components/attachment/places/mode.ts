// The place of a container that is in no network of ours:
//
//   none                lo alone
//   host                the host's own links, addresses and ports
//   bridge              Docker's default network: a way out, published ports, no names
//   { container: web }  the namespace of web: its links, its addresses, its ports
//
// Docker writes down the other's id, for good. So one follows the other: where that one is made anew, its
// id is another, and this one is replaced; where that one starts anew, the host starts this one again.
import * as pulumi from "@pulumi/pulumi";
import { seenContainers } from "../../facts/containers";
import { containerIdOf } from "../../resources/container";
import { refuse } from "../../run/refuse";
import { type HostSession } from "../../run/session";
import { dockerObjectName, isDeferred } from "../../wire/fields";
import { check, type Problem } from "../../wire/problem";
import { unitName } from "../../wire/identity";
import { type Unit } from "../../wire/unit";
import { type Joined, makersOf, otherProblems } from "../existing";
import { attachmentOf, type Made } from "../made";
import { modeProblems } from "./modeProblems";
import { COMPONENT, type ContainerMode, type Kind, type Place, type Wanted } from "./place";
import { planMode } from "../plan";

export function modeKind(wanted: Wanted, mode: ContainerMode): Kind {
    const problems = modeProblems(wanted.spec, mode, wanted.containerName !== undefined);
    if (typeof mode === "string") {
        return { problems, place: () => plainPlace(wanted.session, mode) };
    }
    const other = otherOf(mode.container);
    return {
        problems: [...problems, ...(other ? hostProblems(wanted, other) : [NO_CONTAINER])],
        place: () => joinedPlace(wanted, other ?? { name: "" }),
    };
}

function plainPlace(session: HostSession, mode: "none" | "host" | "bridge"): Place {
    return {
        networking: { networkMode: mode },
        unit: ({ name }) => name.apply((container) => planMode({ container, mode })),
        after: session.lastCommand ? [session.lastCommand] : [],
        ipv4Address: mode === "host" ? session.address : pulumi.output(""),
        networkName: pulumi.output(mode),
        said: { mode },
    };
}

/** The other container, as far as the program knows it. */
interface Other {
    readonly name: pulumi.Input<string>;
    readonly attachment?: Made;
}

const NO_CONTAINER: Problem = {
    path: "mode.container",
    message: "is neither a ContainerAttachment of this program nor a container's name",
};

function otherOf(container: unknown): Other | undefined {
    const made =
        typeof container === "object" && container !== null ? attachmentOf(container) : undefined;
    if (made) {
        return { name: made.name, attachment: made };
    }
    return isName(container) ? { name: container } : undefined;
}

/** The schema has looked at what is known of it. */
function isName(container: unknown): container is pulumi.Input<string> {
    return typeof container === "string" || isDeferred(container);
}

function hostProblems({ session, created }: Wanted, { name, attachment }: Other): Problem[] {
    const path = "mode.container";
    if (attachment && attachment.session !== session) {
        const there = attachment.session.name;
        const message = `is a container on ${there}, but this one is for ${session.name}: only containers on the same host can share a network`;
        return [{ path, message }];
    }
    return name === created ? [{ path, message: `"${name}" is this container itself` }] : [];
}

function joinedPlace(wanted: Wanted, other: Other): Place {
    const { session } = wanted;
    const { attachment } = other;
    const name = checkedName(wanted, other);
    return {
        networking: { networkMode: idOf(wanted, other, name).apply((id) => `container:${id}`) },
        unit: (joined) => joinedText(wanted, other, name, joined),
        after: attachment?.resources ?? (session.lastCommand ? [session.lastCommand] : []),
        ipv4Address: attachment?.ipv4Address ?? pulumi.output(""),
        networkName: attachment?.networkName ?? name.apply((one) => `container:${one}`),
        said: { mode: "container", joins: name },
    };
}

function checkedName({ name }: Wanted, other: Other): pulumi.Output<string> {
    return pulumi.output(other.name).apply((given) => {
        const { problems } = check(dockerObjectName, given, "mode.container");
        refuse(COMPONENT, name, problems);
        return given;
    });
}

/** The id of the other: of its resource, or as the host tells it; its name where it is not there yet. */
function idOf(
    { session }: Wanted,
    { name: given, attachment }: Other,
    name: pulumi.Output<string>,
): pulumi.Output<string> {
    if (attachment?.created) {
        return pulumi.all([attachment.id, name]).apply(([id, known]) => id ?? known);
    }
    return pulumi
        .output(makersOf(session, given))
        .apply((makers) => containerIdOf(makers) ?? idOnHost(session, name));
}

function idOnHost(session: HostSession, name: pulumi.Output<string>): pulumi.Output<string> {
    return name.apply(async (known) => {
        await session.checks.host;
        const probed = await session.probe;
        const seen =
            probed.status === "answered" ? seenContainers(probed.observation.facts) : undefined;
        return seen?.find((one) => one.name === known && one.id !== "")?.id ?? known;
    });
}

/** In a preview that would make it, the other has to be there and to run, unless this program makes it. */
function joinedText(
    { name, knownAs, session }: Wanted,
    other: Other,
    otherName: pulumi.Output<string>,
    joined: Joined,
): pulumi.Output<Unit> {
    const makes = other.attachment !== undefined || typeof other.name !== "string";
    return pulumi.all([joined.name, otherName]).apply(async ([container, known]) => {
        const wanted = planMode({ container, mode: "container", other: known });
        if (!makes && !session.containers.has(known)) {
            const unit = unitName("attachment", knownAs);
            refuse(COMPONENT, name, await otherProblems(session, unit, wanted, known));
        }
        return wanted;
    });
}
