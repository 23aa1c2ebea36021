// `docker` of a Host: what Docker's daemon.json is to say beside what the admin has written there.
import { daemonEntry, DOCKER_FIELDS } from "../entries/daemon/daemon";
import { contains, networkOf } from "../wire/address";
import { type Claims } from "../wire/claims";
import { type Problem } from "../wire/problem";
import { type Entry } from "../wire/unit";
import { type DockerArgs } from "./dockerArgs";

/** A line of the Host's unit for each key. */
export function dockerEntries(docker: DockerArgs): Entry[] {
    return DOCKER_FIELDS.flatMap(({ field, key }) => {
        const value = docker[field];
        return value === undefined ? [] : [daemonEntry(key, value)];
    });
}

/** Whoever is reached in docker0's network is reached no more. */
export function dockerProblems(
    { bip }: DockerArgs,
    name: string,
    address: string | undefined,
): Problem[] {
    return bip !== undefined && address !== undefined && contains(networkOf(bip), address)
        ? [
              {
                  path: "docker.bip",
                  message: `"${bip}" has ${address} in its network, the address at which ${name} is reached: choose another`,
              },
          ]
        : [];
}

/** Networks of the program are to lie in none of these. */
export function claimRanges({ bip, defaultAddressPools = [] }: DockerArgs, cidrs: Claims): void {
    for (const { base } of defaultAddressPools) {
        cidrs.claim(base, "docker.defaultAddressPools");
    }
    if (bip !== undefined) {
        cidrs.claim(networkOf(bip), "docker.bip");
    }
}
