/** Prints the environment that makes the CLI attach itself to this process, and ends with its standard input. */
export function serveAs(environment: Promise<NodeJS.ProcessEnv>): void {
    void environment.then((names) => process.stdout.write(`${JSON.stringify(names)}\n`));
    process.stdin.resume().on("end", () => process.exit(0));
}
