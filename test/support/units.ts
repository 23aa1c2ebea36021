import { entry, type Unit } from "../../components/wire/unit";

/** The unit whose text this is. */
export function unitOf(text: string): Unit {
    return text
        .split("\n")
        .filter((line) => line.includes(": "))
        .map((line) => {
            const cut = line.indexOf(": ");
            return entry(line.slice(0, cut), line.slice(cut + 2));
        });
}

export function lines(unit: Unit): [string, string][] {
    return unit.map(({ key, value }) => [key, value]);
}

export function valueOf(unit: Unit, key: string): string | undefined {
    return unit.find((one) => one.key === key)?.value;
}
