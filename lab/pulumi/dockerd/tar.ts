// A tar archive of one file, for the engine to unpack in a container.

export interface TarFile {
    readonly path: string;
    readonly mode: number;
    readonly owner: number;
    readonly group: number;
    readonly content: Buffer;
}

const BLOCK = 512;

export function tarOf({ path, mode, owner, group, content }: TarFile): Buffer {
    const name = path.replace(/^\/+/, "");
    if (Buffer.byteLength(name) > 100) {
        throw new Error(
            `uploads: ${path} is longer than the 100 bytes that the lab's plugin takes`,
        );
    }
    const header = Buffer.alloc(BLOCK);
    header.write(name, 0);
    header.write(octal(mode, 7), 100);
    header.write(octal(owner, 7), 108);
    header.write(octal(group, 7), 116);
    header.write(octal(content.length, 11), 124);
    header.write(octal(Math.floor(Date.now() / 1000), 11), 136);
    header.write("        0", 148);
    header.write("ustar\u000000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${octal(sum, 6)}\u0000 `, 148);
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)]);
}

function octal(value: number, digits: number): string {
    return value.toString(8).padStart(digits, "0");
}
