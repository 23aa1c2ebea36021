// Run when the package is built (components/build), where the parts then go: to put the program together and to pack it takes a
// tenth of a second, which each run of a user's program would pay.
import { writeFileSync } from "node:fs";
import { packProgram } from "./pack";
import { BUILT, convergerProgram } from "./program";

async function build(): Promise<void> {
    const program = convergerProgram();
    const packed = await packProgram(program);
    writeFileSync(BUILT.text, program.text);
    writeFileSync(BUILT.packed, packed);
}

void build();
