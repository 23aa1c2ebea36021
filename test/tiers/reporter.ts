import { relative } from "node:path";
import type { Reporter, Test, TestCaseResult, TestResult } from "@jest/reporters";
import { bold, dim, duration, green, red, say, yellow } from "../../lab/terminal";
import type { Message, Tally } from "./tally";

type TestCase = Pick<TestCaseResult, "ancestorTitles" | "duration" | "status" | "title">;

/** A line for each test as it ends, failures in full when their file ends, and counts for the runner. */
export default class LineReporter implements Reporter {
    constructor() {
        process.on("disconnect", () => process.exit(1));
        process.channel?.unref();
    }

    onTestFileStart(test: Test): void {
        say(dim(`    ${place(test)}`));
    }

    onTestCaseResult(test: Test, result: TestCase): void {
        const took = duration(result.duration ?? 0);
        const name = [place(test), ...result.ancestorTitles, result.title].join(" > ");
        say(`${verdict(result.status)} ${took.padStart(11)}  ${name}`);
    }

    onTestFileResult(test: Test, result: TestResult): void {
        if (result.failureMessage) {
            say(`\n${red(bold(place(test)))}`);
            say(result.failureMessage);
            for (const { message } of result.console ?? []) {
                say(message);
            }
        }
        tell({ kind: "file", result: tally(place(test), result) });
    }

    onRunComplete(): void {
        tell({ kind: "complete" });
    }

    /** Jest's own exit status is not what counts here. */
    getLastError(): undefined {
        return undefined;
    }
}

/** A file that could not run counts as one failed test. */
export function tally(file: string, result: TestResult): Tally {
    const failures = result.testResults
        .filter(({ status }) => status === "failed")
        .map(({ ancestorTitles, title }) => [file, ...ancestorTitles, title].join(" > "));
    const unable = result.testExecError ? [`${file} could not run`] : [];
    return {
        passed: result.numPassingTests,
        failed: failures.length + unable.length,
        skipped: result.numPendingTests + result.numTodoTests,
        failures: [...failures, ...unable],
    };
}

function place(test: Test): string {
    return relative(test.context.config.rootDir, test.path).replace(/^test\//, "");
}

function verdict(status: TestCaseResult["status"]): string {
    switch (status) {
        case "passed":
            return green("    ok    ");
        case "failed":
            return red("    FAILED");
        default:
            return yellow("    skipped");
    }
}

function tell(message: Message): void {
    process.send?.(message);
}
