import { keyFileText, readable } from "../../components/remote/privateKey";

/** As ssh-keygen writes it: lines of 70. */
const BODY = [...Array(5).keys()].map((at) => `${at}`.repeat(at < 4 ? 70 : 12));
const KEY = ["OPENSSH", ...BODY]
    .join("\n")
    .replace("OPENSSH", "-----BEGIN OPENSSH PRIVATE KEY-----")
    .concat("\n-----END OPENSSH PRIVATE KEY-----\n");

/** What comes out of editors, YAML, variables of environments and shells. */
const WAYS: Readonly<Record<string, string>> = {
    "as it is": KEY,
    "line ends of Windows": KEY.replaceAll("\n", "\r\n"),
    "no line end after the last line": KEY.trimEnd(),
    "empty lines before and after": `\n\n${KEY}\n\n`,
    "an empty line after each": KEY.replaceAll("\n", "\n\n"),
    "line ends of an old Mac": KEY.replaceAll("\n", "\r"),
    "a byte order mark": `\ufeff${KEY}`,
    "blanks before": `  ${KEY}`,
    "blanks before each line": KEY.replace(/^(?=.)/gm, "    "),
    "a tab before each line": KEY.replace(/^(?=.)/gm, "\t"),
    "blanks after each line": KEY.replaceAll("\n", "  \n"),
    "line ends that became blanks": KEY.trim().replaceAll("\n", " "),
    "line ends written out": KEY.trim().replaceAll("\n", "\\n"),
    "words before and after": `key of the lab:\n${KEY}that was it\n`,
};

/** These are read as they are by ssh2 and by the command plugin, so that the state of a stack keeps them. */
const AS_WRITTEN = Object.keys(WAYS).slice(0, 5);

test.each(Object.entries(WAYS))("%s: OpenSSH gets it as ssh-keygen writes it", (_, key) => {
    expect(keyFileText(key)).toBe(KEY);
});

test.each(Object.entries(WAYS))("%s: the connection has what all can read", (way, key) => {
    const login = { host: "vm1", privateKey: key };
    const wanted = AS_WRITTEN.includes(way) ? key : KEY;
    expect(readable({ ...login, proxy: login })).toEqual({
        host: "vm1",
        privateKey: wanted,
        proxy: { host: "vm1", privateKey: wanted },
    });
});

test("one that an old passphrase locks keeps its headers", () => {
    const head =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,ABCD\n\n";
    const locked = `${head}${BODY.join("\n")}\n-----END RSA PRIVATE KEY-----\n`;
    expect(keyFileText(locked.replaceAll("\n", "\r\n  "))).toBe(locked);
    expect(readable({ host: "vm1", privateKey: locked }).privateKey).toBe(locked);
});

test("what is no key stays what it is, for the login to tell", () => {
    expect(readable({ host: "vm1", privateKey: " none " }).privateKey).toBe(" none ");
    expect(readable({ host: "vm1" })).toEqual({ host: "vm1" });
});
