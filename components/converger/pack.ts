/**
 * The program as its install command takes it: gzip, base64, as comments of the unit, which the CLI
 * does not show. fflate, as its output does not change with the version of Node, which would be a
 * change of every host.
 */
export function packProgram(program: {
    readonly text: string;
    readonly packed?: string | undefined;
}): Promise<string> {
    const packed =
        packedPrograms.get(program) ?? Promise.resolve(program.packed ?? pack(program.text));
    packedPrograms.set(program, packed);
    return packed;
}

/** Packing takes a tenth of a second; a hundred hosts get the same. */
const packedPrograms = new WeakMap<object, Promise<string>>();

/** fflate is loaded only here, as a package that was built has its program packed. */
async function pack(text: string): Promise<string> {
    const { gzipSync } = await import("fflate");
    const packed = gzipSync(Buffer.from(text), { level: 9, mtime: 0 });
    return Buffer.from(packed)
        .toString("base64")
        .replace(/.{1,76}/g, "# $&\n");
}
