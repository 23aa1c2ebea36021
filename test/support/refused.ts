import { runInThisContext } from "node:vm";
import { settled } from "./mocks";

/** Jest gives tests a copy of it, which hears of nothing. */
const PROCESS = runInThisContext("process") as NodeJS.Process;

/** What the language host would tell of a program that is refused while it runs: each error once, as there. */
export async function refusedAtRunTime(program: () => void): Promise<string[]> {
    const errors = new Set<unknown>();
    const hear = (error: unknown) => void errors.add(error);
    const others = PROCESS.listeners("unhandledRejection");
    PROCESS.removeAllListeners("unhandledRejection").on("unhandledRejection", hear);
    try {
        program();
        await settled();
    } finally {
        PROCESS.off("unhandledRejection", hear);
        others.forEach((other) => PROCESS.on("unhandledRejection", other));
    }
    return [...errors].map((error) => (error instanceof Error ? error.message : String(error)));
}
