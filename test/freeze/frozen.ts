import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The converger's text, comparing each run of its awk with the one of before; see `run`. */
export function frozenIfAsked(text: string): string {
    const log = process.env["CROSSHOST_FREEZE"];
    if (log === undefined) {
        return text;
    }
    if (!existsSync(join(log, "before.awk"))) {
        copyFileSync(join(__dirname, "before"), join(log, "before.awk"));
    }
    const comparing = readFileSync(join(__dirname, "comparing.sh"), "utf8");
    const original = /^run_awk\(\) \{\n(.*\n)*?\}\n/m;
    if (!original.test(text)) {
        throw new Error("the converger has no run_awk");
    }
    return text.replace(original, () => `freeze_dir=${log}\n${comparing}`);
}
