/** Stands in for the converger: what a Host installs, and what a probe sends. */
export const PROGRAM = {
    text: "#!/bin/sh\necho hello\n",
    hash: "abababababababab",
    version: "0.1.0",
};
