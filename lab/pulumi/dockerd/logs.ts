import { type Engine } from "./engine";

/** All that a container has said, both streams in their order. */
export async function readLogs(engine: Engine, id: string, tty: boolean): Promise<string> {
    const raw = await engine.bytes(`/containers/${id}/logs?stdout=1&stderr=1`);
    return tty ? raw.toString() : withoutFrames(raw).toString();
}

/** Without a terminal each piece has a frame: the stream, three zeros, its length. */
function withoutFrames(raw: Buffer): Buffer {
    const pieces: Buffer[] = [];
    for (let at = 0; at + 8 <= raw.length;) {
        const end = at + 8 + raw.readUInt32BE(at + 4);
        pieces.push(raw.subarray(at + 8, end));
        at = end;
    }
    return Buffer.concat(pieces);
}
