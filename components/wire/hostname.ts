const LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?";
const HOST_NAME = new RegExp(`^${LABEL}(\\.${LABEL})*$`);

/** A name that Docker's DNS and a resolver take, and that needs no quoting anywhere. */
export function isHostName(text: string): boolean {
    return text.length <= 253 && HOST_NAME.test(text);
}
