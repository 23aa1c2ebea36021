/** Where the plugin looks for an agent. */
export function agentSocket(path: string | undefined): string | undefined {
    const set = process.env["SSH_AUTH_SOCK"];
    return path ?? (set === "" ? undefined : set);
}
