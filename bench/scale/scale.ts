import { bringUp, labEnvironment, takeDown } from "../../lab/bringup";
import { duration, step, table } from "../../lab/terminal";
import { LAB_NAME } from "../../test/support/lab";
import { type Bench } from "../bench";
import { span } from "../figures";
import { pluginsUsed } from "../times";
import { grow, type Grown, type Step } from "./grown";

/** The lab has 64 hosts at most, and one joins. */
const SIZES = [16, 32, 63];
const ENV = labEnvironment(LAB_NAME);

/** What grows with the number of hosts, and how. */
export const scale: Bench = {
    misuse: (words) =>
        words.map(Number).every((size) => Number.isInteger(size) && size >= 4 && size <= 63)
            ? undefined
            : `not numbers of hosts from 4 to 63: ${words.join(" ")}`,
    async run(words) {
        const sizes = words.length > 0 ? words.map(Number) : SIZES;
        const results: Grown[] = [];
        for (const size of sizes) {
            await takeDown(ENV, "--purge");
            await bringUp(ENV, size + 1);
            results.push(await step(`a mesh of ${size} hosts`, () => grow(size)));
        }
        const plugins = await pluginsUsed();
        return { tables: [tableOf(results), `plugins: ${plugins}`], figures: { plugins, results } };
    },
};

function tableOf(results: readonly Grown[]): string {
    const [first] = results;
    const row = (what: string, cell: (result: Grown) => string, grows = "") => [
        what,
        ...results.map(cell),
        grows,
    ];
    const steps = (first?.steps ?? []).flatMap(({ what }) => {
        const of = ({ steps: all }: Grown) => all.find((one) => one.what === what);
        const at = (cell: (one: Step) => string) => (result: Grown) => {
            const found = of(result);
            return found ? cell(found) : "";
        };
        return [
            row(
                what,
                at(({ milliseconds }) => duration(milliseconds)),
                ofLinear(results, (result) => of(result)?.milliseconds ?? NaN),
            ),
            row(
                "  memory, MiB",
                at(({ memory }) => memory.toFixed(0)),
                ofLinear(results, (result) => of(result)?.memory ?? NaN),
            ),
            row(
                "  SSH logins of each host",
                at(({ logins }) => span(logins)),
            ),
        ];
    });
    return table(
        ["", ...results.map(({ hosts }) => `${hosts} hosts`), "of linear"],
        [
            ...steps,
            row("preview, hosts asleep", ({ ours }) => duration(ours.asleep)),
            row("  of an empty program", ({ ours }) => duration(ours.empty)),
            row(
                "  of ours",
                ({ ours }) => duration(ours.ours),
                ofLinear(results, ({ ours }) => ours.ours),
            ),
            row("resources of each host", ({ resourcesOfEachHost }) => span(resourcesOfEachHost)),
            row("SSH connections left open", (result) => span(result.openConnections)),
            row(
                "state of each host, KiB",
                ({ state }) => (state / 1024).toFixed(1),
                ofLinear(results, ({ state }) => state),
            ),
            row("pairs of containers", ({ pairsOfContainers }) => String(pairsOfContainers)),
        ],
    );
}

/** How much more than as many times as much as there are more hosts: 1.00 is linear, less is better. */
function ofLinear(results: readonly Grown[], figure: (result: Grown) => number): string {
    const [first, last] = [results[0], results.at(-1)];
    if (first === undefined || last === undefined || first === last) {
        return "";
    }
    return (figure(last) / figure(first) / (last.hosts / first.hosts)).toFixed(2);
}
