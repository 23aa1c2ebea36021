/**
 * Seconds that the longest files take, as last seen: those are started first, so that no worker is
 * left alone with one of them at the end. A wrong figure costs time, and nothing else.
 *
 * Three that mostly wait, for hosts that are not there, have more, so that they run beside others.
 */
export const SECONDS: Readonly<Record<string, number>> = {
    "test/e2e/crash.e2e.test.ts": 150,
    "test/e2e/drift.e2e.test.ts": 120,
    "test/e2e/modes.e2e.test.ts": 115,
    "test/e2e/gone.e2e.test.ts": 110,
    "test/e2e/overlay.e2e.test.ts": 100,
    "test/e2e/direct.e2e.test.ts": 95,
    "test/e2e/bridge.e2e.test.ts": 90,
    "test/e2e/refusals.e2e.test.ts": 80,
    "test/e2e/secrets.e2e.test.ts": 75,
    "test/e2e/pipework.e2e.test.ts": 70,
    "test/e2e/undo.e2e.test.ts": 70,
    "test/lab/lab.e2e.test.ts": 65,
    "test/e2e/macvlan.e2e.test.ts": 60,
    "test/e2e/counts.e2e.test.ts": 50,
    "test/e2e/restarts.e2e.test.ts": 48,
    "test/e2e/check.e2e.test.ts": 45,
    "test/engine/engine.e2e.test.ts": 35,
    "test/e2e/stacks.e2e.test.ts": 35,
    "test/e2e/containers.e2e.test.ts": 30,
    "test/cli/page.e2e.test.ts": 15,
    "test/converger/undo.netns.test.ts": 100,
    "test/converger/drift.netns.test.ts": 50,
    "test/converger/interface.netns.test.ts": 50,
    "test/hostile.test.ts": 15,
    "test/realize/probe.test.ts": 12,
    "test/package.test.ts": 10,
    "test/attachment/attachment.test.ts": 7,
};

/** Of a file that is not named: in the middle of its tier. */
function unknown(file: string): number {
    return file.endsWith(".e2e.test.ts") ? 25 : file.endsWith(".netns.test.ts") ? 15 : 2;
}

export function longestFirst(files: readonly string[]): string[] {
    const seconds = (file: string) => SECONDS[file] ?? unknown(file);
    return [...files].sort((a, b) => seconds(b) - seconds(a) || a.localeCompare(b));
}
