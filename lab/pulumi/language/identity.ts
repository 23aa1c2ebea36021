import sdk from "@pulumi/pulumi/package.json";

export const identity = {
    executable: "pulumi-language-nodejs",
    version: sdk.version,
    what: "A Node language host for the Pulumi CLI, for the lab of Crosshost only.",
    details: `
It runs Node programs, JavaScript and TypeScript, by the SDK in their node_modules; lists the
provider packages they need; and installs packages by npm. It neither generates nor converts
programs, and runs no plugin written for Node.

The Pulumi CLI starts it. It prints the port that it serves on and ends on SIGINT.`,
};
