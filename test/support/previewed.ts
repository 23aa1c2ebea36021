/** The entries that a preview changes of one resource's unit, such as `+ route 10.42.3.0/24`. */
export function entriesChanged(shown: string, resource: string): string[] {
    const block = shown.split("[urn=").find((part) => part.includes(`::${resource}]`)) ?? "";
    return [...block.matchAll(/^ +([-+~]) (\S.*?) *: /gm)]
        .map(([, sign, key]) => `${sign ?? ""} ${key ?? ""}`)
        .filter((line) => !/^. (drift|seen|stdin|\w+:\S+)\b/.test(line));
}
