// Ports that an image declares by EXPOSE. A container with the host's network is likely to listen on them, so
// where the program does not say on which it does, a preview looks at these.
import * as pulumi from "@pulumi/pulumi";
import { stackId } from "../wire/identity";
import { Claims, type HostPort, portsClash, type PortWish } from "../wire/claims";
import { exposesCommand } from "../remote/commands";
import { known } from "../wire/known";
import { holds, type Observation } from "../facts/observation";
import { takenBy } from "../checks/ports";
import { answerTo } from "../remote/probe";
import { type HostSession } from "../run/session";
import { type Connection } from "../remote/ssh";
import { type Unit } from "../wire/unit";

/** What may stand in a command line; Docker knows no other names. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/;

/** How a host tells what an image declares, over a login of its own; nothing of an image that it has not pulled. */
export function exposuresOf(
    connection: pulumi.Output<Connection>,
    become: "sudo" | undefined,
    stack: string,
    program: { readonly text: string; readonly hash: string },
): HostSession["exposedBy"] {
    const asked = new Map<string, Promise<HostPort[]>>();
    const ask = async (image: string): Promise<HostPort[]> => {
        const to = await known(connection);
        const command = exposesCommand(stack, program.hash, become, image);
        return to ? parseExposed(await answerTo(to, command, program)) : [];
    };
    return (image) => {
        const answer = asked.get(image) ?? (PLAIN.test(image) ? ask(image) : Promise.resolve([]));
        asked.set(image, answer);
        return answer.catch(() => []);
    };
}

/** Reads `80/tcp`, `8000-8002/udp`, a line each. */
export function parseExposed(said: string): HostPort[] {
    return [...said.matchAll(/^(\d+)(?:-(\d+))?\/(\w+)$/gm)].flatMap(
        ([, first = "", last = first, protocol = ""]) =>
            Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => ({
                ip: "*",
                port: Number(first) + at,
                protocol,
            })),
    );
}

/** Of a unit that is new there: what else has a port of its image. Warnings, as an image may listen on others. */
export async function exposureWarnings(
    session: Pick<HostSession, "name" | "stack" | "ports" | "silent" | "exposedBy">,
    unit: { readonly name: string; readonly wanted: Unit; readonly ports: PortWish },
    observation: Pick<Observation, "facts" | "units">,
): Promise<string[]> {
    const { facts } = observation;
    const image = await known(pulumi.output(unit.ports.image));
    // An attachment that comes later may say a port for good, so none is claimed here.
    const isThere = holds(observation, unit.name, unit.wanted);
    if (!image || isThere || !/^\d/.test(facts.get("docker")?.[0] ?? "")) {
        return [];
    }
    const silent = await silentBeside(session, unit.name);
    return (await session.exposedBy(image)).flatMap((port) => {
        const other = session.ports.holder(port) ?? silent.holder(port);
        const holder =
            other === undefined
                ? takenBy(port, stackId(session.stack), facts)
                : `"${other}" of this program`;
        return holder === undefined
            ? []
            : [
                  `port ${port.port}/${port.protocol}, which the image ${image} exposes, is taken by ${holder}: stop it, ` +
                      "or set listens to the ports that the container really listens on",
              ];
    });
}

/** What the images of others declare that do not say their ports either: of two with one image, both listen there. */
async function silentBeside(
    { silent, exposedBy }: Pick<HostSession, "silent" | "exposedBy">,
    unit: string,
): Promise<Claims<HostPort>> {
    const claims = new Claims(portsClash);
    for (const other of silent.filter((one) => one.unit !== unit)) {
        const image = await known(pulumi.output(other.image));
        const declared = image ? await exposedBy(image) : [];
        declared.forEach((port) => claims.claim(port, other.attachment));
    }
    return claims;
}
