import { randomBytes } from "node:crypto";
import { type ParsedKey, utils } from "ssh2";
import { type Canaries } from "./canaryFile";
import { hostileTexts } from "./hostile";
import { keyPair } from "./keys";

/** Characters of a piece: of base64, 72 bits. */
const PIECE = 12;

export function freshCanaries(): Canaries {
    const word = () => randomBytes(18).toString("base64url");
    const passphrase = word();
    const locked = { passphrase, cipher: "aes256-cbc", rounds: 1 }; // of bcrypt, each 20 ms at each login
    return {
        privateKey: keyPair().private,
        lockedKey: keyPair(locked).private,
        passphrase,
        password: word(),
        containerSecret: word(),
        strangersKey: keyPair().private,
        wrongPassword: word(),
        // No environment holds a NUL.
        hostile: hostileTexts("right", 100).map((text) => text.replaceAll("\0", "")),
    };
}

/** The public half, as authorized_keys takes it. */
export function publicHalf(pem: string, passphrase?: string): string {
    const key = parse(pem, passphrase);
    return `${key.type} ${key.getPublicSSH().toString("base64")}`;
}

/** What of a text would tell the secret: it, pieces of it, and how base64 and hex would write them. */
export function traces(secret: string, passphrase?: string): string[] {
    const pieces = secret.includes("PRIVATE KEY") ? keyPieces(secret, passphrase) : [secret];
    return pieces.flatMap((piece) => [piece, ...encoded(piece)]);
}

/**
 * Pieces of what only the owner has of an OpenSSH key, which holds the public half too: 32 bytes
 * before the public half's last place, or where a passphrase hides them, all that comes after it.
 */
function keyPieces(pem: string, passphrase: string | undefined): string[] {
    const base64 = pem.replace(/-----.*?-----|\s/g, "");
    const publicBytes = parse(pem, passphrase).getPublicSSH().subarray(-32);
    const at = Buffer.from(base64, "base64").lastIndexOf(publicBytes);
    const [from, to] = passphrase === undefined ? [at - 32, at] : [at + 32, at + 128];
    const secret = base64.slice(Math.ceil((from * 4) / 3), Math.floor((to * 4) / 3));
    return secret.match(new RegExp(`.{${PIECE}}`, "g")) ?? [];
}

function parse(pem: string, passphrase: string | undefined): ParsedKey {
    const key = utils.parseKey(pem, passphrase);
    if (key instanceof Error) {
        throw key;
    }
    return key;
}

/** In base64 a text looks in three ways, as it stands at 0, 1 or 2 bytes of a group of three. */
function encoded(text: string): string[] {
    const inBase64 = [0, 1, 2].map((at) => {
        const whole = Buffer.from(" ".repeat(at) + text).toString("base64");
        return whole.slice(at === 0 ? 0 : 4, -4);
    });
    return [...inBase64, Buffer.from(text).toString("hex")];
}
