/** Nothing in it moves a cursor or ends a line; a page may not hold it either. */
export function printable(text: string): string {
    return text.replace(/\p{Cc}/gu, "\ufffd");
}

/** `1 host`, `2 hosts`. */
export function count(number: number, what: string): string {
    return `${number} ${what}${number === 1 ? "" : "s"}`;
}
