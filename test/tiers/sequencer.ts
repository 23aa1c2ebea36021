import { relative } from "node:path";
import type { Test } from "@jest/reporters";
import { longestFirst } from "./order";

/** Jest's own order is by what earlier runs on this machine took, and by size where it saw none. */
export default class LongestFirst {
    sort(tests: Test[]): Test[] {
        const byFile = new Map(tests.map((test) => [fileOf(test), test]));
        return longestFirst([...byFile.keys()]).flatMap((file) => byFile.get(file) ?? []);
    }

    /** Nothing is kept from run to run. */
    cacheResults(): void {
        return undefined;
    }
}

function fileOf(test: Test): string {
    return relative(test.context.config.rootDir, test.path);
}
