import { bridgeSchema } from "../../components/bridge/schema";
import { macvlanSchema } from "../../components/macvlan/schema";
import { overlaySchema } from "../../components/overlay/schema";
import { check, titleOf } from "../../components/wire/problem";
import { type Component } from "./program";

const SCHEMAS = { Bridge: bridgeSchema, Macvlan: macvlanSchema, Overlay: overlaySchema };
/** The program has them from the stack's config. */
const HOSTS = ["host", "hosts"];

/** What a program of these components would be refused for, a line each. */
export function misfitsOf(components: readonly Component[]): string[] {
    return components.flatMap((component, at) => {
        const { kind, name, args } = component;
        const isSame = (other: Component) => other.kind === kind && other.name === name;
        const problems = [
            ...(components.slice(0, at).some(isSame) ? ["there are two: rename one"] : []),
            ...check(SCHEMAS[kind], args)
                .problems.filter(({ path }) => !HOSTS.includes(path))
                .map(({ path, message }) => `${path}: ${message}: change it in the program`),
        ];
        return problems.map((problem) => `${titleOf(kind, name)}: ${problem}`);
    });
}
