// crosshost import host: the program that makes what lies on a host, as far as Docker and `ip` tell.
import { CliError } from "../../error";
import { type Imported } from "../import";
import { misfitsOf } from "../misfits";
import { programOf } from "../program";
import { collect, type Seen } from "./collect";
import { daemonOf, networksOf } from "./docker";
import { together } from "./found";
import { linksOf } from "./links";

export function importHost(destination: string, become: "sudo" | undefined): Imported {
    return importSeen(destination, collect(destination, become));
}

export function importSeen(destination: string, seen: Seen): Imported {
    const { components, left } = together([networksOf(seen.networks), linksOf(seen)]);
    const daemon = daemonOf(seen.daemon);
    const told = [...left, ...daemon.left, ...misfitsOf(components)].map(
        (line) => `${destination}: ${line}`,
    );
    if (components.length === 0 && daemon.docker === undefined) {
        throw new CliError(
            [`${destination} has no network that Crosshost can make`, ...told].join("\n"),
        );
    }
    return { program: programOf(components, "host", destination, daemon.docker), left: told };
}
