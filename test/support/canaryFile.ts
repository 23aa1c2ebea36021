import { dirname, join } from "node:path";
import { LAB_JSON } from "./lab";

/** From which the program under test reads them: they are in no argument and no environment. */
export const CANARY_FILE = join(dirname(LAB_JSON), "canaries.json");

/** Secrets that occur nowhere else, so that wherever a piece of one is found, it has leaked. */
export interface Canaries {
    readonly privateKey: string;
    readonly lockedKey: string;
    readonly passphrase: string;
    readonly password: string;
    readonly containerSecret: string;
    /** Well made, and of no use on any host. */
    readonly strangersKey: string;
    readonly wrongPassword: string;
    /** No secrets: texts that are to arrive in a container as they are. */
    readonly hostile: readonly string[];
}
