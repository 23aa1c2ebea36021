/** What a LAN answered. */
export interface LanAnswer {
    /** The MACs that answer, by the addresses that were asked for. */
    readonly holders: ReadonlyMap<string, string>;
    /** Why the host could not ask. */
    readonly cannot?: string;
}

/** Reads the lines of `crosshost ask`: `answer ADDRESS MAC`, `cannot WHY`, and `asked` at the end. */
export function parseLanAnswer(said: string): LanAnswer {
    const lines = said.trimEnd().split("\n");
    if (lines.at(-1) !== "asked") {
        return { holders: new Map(), cannot: "it gave no answer" };
    }
    const after = (word: string) =>
        lines
            .filter((line) => line.startsWith(`${word} `))
            .map((line) => line.slice(word.length + 1));
    const holders = after("answer").map((line): [string, string] => {
        const [address = "", mac = ""] = line.split(" ");
        return [address, mac];
    });
    return { holders: new Map(holders), cannot: after("cannot")[0] };
}

/** Who asks for several addresses at once does so with one login: it is sent when nothing more comes. */
export function together(
    ask: (link: string, addresses: readonly string[]) => Promise<LanAnswer>,
): (link: string, address: string) => Promise<LanAnswer> {
    const waiting = new Map<string, { addresses: Set<string>; answer: Promise<LanAnswer> }>();
    return (link, address) => {
        const addresses = waiting.get(link)?.addresses ?? new Set<string>();
        addresses.add(address);
        const answer =
            waiting.get(link)?.answer ??
            nothingMore().then(() => {
                waiting.delete(link);
                return ask(link, [...addresses].sort());
            });
        waiting.set(link, { addresses, answer });
        return answer;
    };
}

/** All of a program's addresses are known within a few turns after the probe has answered. */
function nothingMore(): Promise<void> {
    return new Promise((resolve) => {
        setTimeout(resolve, 50);
    });
}
