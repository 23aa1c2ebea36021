// Keys that one of those who log in takes, and another does not: refused before anyone is asked.

const HOST_KEY = /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*( .*)?$/;
const SCAN = "`ssh-keyscan -t ed25519 HOST` prints the right one, after the host's name";

/** Why a text is not a server's public key, as in authorized_keys; undefined of one that is. */
export function hostKeyProblem(text: string): string | undefined {
    const key = text.trim();
    if (HOST_KEY.test(key)) {
        return undefined;
    }
    const lines = key.split(/[\r\n]+/).map((line) => line.split(/\s+/));
    const keys = lines.filter((words) => words.slice(0, 2).some(isKeyType));
    if (keys.length > 1) {
        return `has ${keys.length} keys, one per line: write only the one of type ssh-ed25519`;
    }
    const [first = "", second = ""] = lines[0] ?? [];
    if (first === "ssh-rsa") {
        return `must be of another type: with ssh-rsa the command plugin requests SHA-1 signatures, which sshd no longer makes; ${SCAN}`;
    }
    if (/^(SHA256|MD5):/.test(first) || /^(SHA256|MD5):/.test(second)) {
        return `is a fingerprint, not the key; ${SCAN}`;
    }
    if (isKeyType(first)) {
        return `must be of type ssh-ed25519 or ecdsa-sha2-nistp256, not ${first}; ${SCAN}`;
    }
    if (isKeyType(second)) {
        return "must not start with the host's name, as a line of known_hosts does: leave out the first word";
    }
    return 'is not a host key as in authorized_keys: "ssh-ed25519 AAAA...", without the host name';
}

function isKeyType(word: string): boolean {
    return /^(ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]{1,40}$/.test(word);
}

/** Why a private key is none for all; undefined also of what is no key at all, which the login tells. */
export function privateKeyProblem(text: string): string | undefined {
    if (text.includes("PuTTY-User-Key-File")) {
        return "is a PuTTY key: write what `puttygen KEY -O private-openssh-new -o NEW` converts it to";
    }
    if (/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) {
        return "must be in OpenSSH's format, not PKCS #8: `ssh-keygen -p -f KEY` converts it";
    }
    return undefined;
}
