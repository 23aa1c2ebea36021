// A private key comes to a program by many ways, and each has its own trouble with line ends: an editor on Windows, a
// YAML block, a variable of the environment. Three read it, and each puts up with something else.
import { type Connection, type Login } from "./ssh";

const PEM = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----(.*?)-----END \1-----/s;
/** As all readers take it: nothing before it, no line that is indented or goes on in blanks. */
const PLAIN =
    /^[\r\n]*-----BEGIN [A-Z0-9 ]+-----\r?\n([^\s](.*[^\s])?\r?\n|\r?\n)*-----END [A-Z0-9 ]+-----\s*$/;
const LINE_WIDTH = 70;

/** Line ends, and a last one, as OpenSSH wants them. */
export function keyFileText(key: string): string {
    return pemText(key) ?? `${key.trim()}\n`;
}

function pemText(key: string): string | undefined {
    const [, kind = "", body] = PEM.exec(key.replaceAll("\\n", "\n")) ?? [];
    if (body === undefined) {
        return undefined;
    }
    const lines = body.includes(":") ? withHeaders(body) : wrapped(body.replace(/\s/g, ""));
    return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`, ""].join("\n");
}

/**
 * Its keys as those can read them who get them as text. One that they can read already stays as the program
 * writes it: the connection lies in the state, and another text would run every command again.
 */
export function readable(connection: Connection): Connection {
    const { proxy, ...login } = connection;
    return { ...readableLogin(login), ...(proxy && { proxy: readableLogin(proxy) }) };
}

function readableLogin(login: Login): Login {
    const { privateKey = "" } = login;
    const anew = PLAIN.test(privateKey) ? undefined : pemText(privateKey);
    return anew === undefined ? login : { ...login, privateKey: anew };
}

function wrapped(text: string): string[] {
    return text.match(new RegExp(`.{1,${LINE_WIDTH}}`, "g")) ?? [];
}

/** `Proc-Type: 4,ENCRYPTED` and the like, which an empty line ends. */
function withHeaders(body: string): string[] {
    const lines = body.split(/\r\n|\r|\n/).map((line) => line.trim());
    const headers = lines.filter((line) => line.includes(":"));
    return [...headers, "", ...lines.filter((line) => line !== "" && !line.includes(":"))];
}
