import { hostKeyProblem, privateKeyProblem } from "../../components/host/keyProblems";

const KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIHostKeyOfTheTests";
const OTHER_TYPE =
    /^must be of (another type|type ssh-ed25519 or ecdsa-sha2-nistp256, not \S+)\b.*`ssh-keyscan -t ed25519 HOST` prints/;

test.each([
    `ssh-ed25519 ${KEY}`,
    `ssh-ed25519 ${KEY} root@vm1`,
    `ecdsa-sha2-nistp256 ${KEY}==`,
    `ssh-ed25519 ${KEY}\n`,
    `  ssh-ed25519 ${KEY}\r\n`,
])("%j is a host key", (key) => {
    expect(hostKeyProblem(key)).toBeUndefined();
});

test.each<[string, string, RegExp]>([
    ["RSA, for which the command plugin wants SHA-1", `ssh-rsa ${KEY}`, /SHA-1.*-t ed25519/],
    ["DSA", `ssh-dss ${KEY}`, OTHER_TYPE],
    ["a security key's", `sk-ssh-ed25519@openssh.com ${KEY}`, OTHER_TYPE],
    ["a certificate", `ssh-ed25519-cert-v01@openssh.com ${KEY}`, OTHER_TYPE],
    ["all that ssh-keyscan prints", `vm1 ssh-rsa ${KEY}\nvm1 ssh-ed25519 ${KEY}`, /^has 2 keys/],
    ["a line of known_hosts", `vm1,192.168.40.11 ssh-ed25519 ${KEY}`, /leave out the first word$/],
    ["a hashed one", `|1|abc=|def= ssh-ed25519 ${KEY}`, /leave out the first word$/],
    ["an authority", `@cert-authority *.example ssh-ed25519 ${KEY}`, /is not a host key/],
    ["a fingerprint", "SHA256:abcdef", /^is a fingerprint/],
    ["what ssh-keygen -l prints", "256 SHA256:abcdef root@vm1 (ED25519)", /^is a fingerprint/],
    ["nothing", "", /is not a host key/],
    ["the key without its type", KEY, /is not a host key/],
])("not %s", (_, key, expected) => {
    expect(hostKeyProblem(key)).toMatch(expected);
});

test.each([
    ["PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n", /puttygen/],
    ["-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n", /ssh-keygen -p -f KEY/],
    ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----", /^$/],
    ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", /^$/],
])("a private key that one of those who log in does not read: %j", (key, expected) => {
    expect(privateKeyProblem(key) ?? "").toMatch(expected);
});
