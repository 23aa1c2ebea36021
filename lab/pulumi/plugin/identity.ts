// What an executable says of itself when a person asks.

export interface Identity {
    readonly executable: string;
    /** The version that it stands in for. */
    readonly version: string;
    /** One line: what it is. */
    readonly what: string;
    /** The lines of --help: what it can do, and what it cannot. */
    readonly details: string;
}

/** Follows the version in the plugin's info: `pulumi about` shows it. */
const MARK = "crosshost-lab";

/** Build metadata does not count when versions are compared. */
export function markedVersion({ version }: Identity): string {
    return `${version}+${MARK}`;
}

/** Answers --version and --help and ends; goes on otherwise. */
export function answerPerson(identity: Identity, args: readonly string[]): void {
    const answer = answerTo(identity, args);
    if (answer !== undefined) {
        process.stdout.write(answer);
        process.exit(0);
    }
}

export function answerTo(identity: Identity, args: readonly string[]): string | undefined {
    const { executable, what, details } = identity;
    if (args.includes("--version")) {
        return `${executable} ${markedVersion(identity)}: ${what}\n`;
    }
    if (args.includes("--help") || args.includes("-h")) {
        return `${executable} ${markedVersion(identity)}\n${what}\n\n${details.trim()}\n`;
    }
    return undefined;
}

/** The engine's address is the last argument of a plugin that is no flag. */
export function engineAddress(args: readonly string[]): string {
    return args.filter((argument) => !argument.startsWith("-")).at(-1) ?? "";
}
