import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { map, parseJson, text as textOf } from "../plugin/values";

/** How Vault's transit engine marks what it has encrypted. */
const MARK = "vault:v1:";

/** What a stack's file says of a stack whose key this Vault has "encrypted". */
export const SECRETS_PROVIDER = {
    secretsprovider: "hashivault://lab",
    encryptedkey: base64(`${MARK}${base64("a key for stacks of the lab only")}`),
} as const;

/** By which the CLI finds it. */
export interface VaultEnvironment {
    readonly VAULT_SERVER_URL: string;
    readonly VAULT_SERVER_TOKEN: string;
}

/**
 * Vault's transit engine, as far as the CLI asks it. It keeps nothing secret. With a passphrase each
 * run of the CLI spends 0.19 s of 0.35 on PBKDF2, which has no option.
 */
export async function serveVault(): Promise<VaultEnvironment> {
    const server = createServer((request, response) => {
        text(request)
            .then((body) => {
                const asked = map(parseJson(body || "{}")) ?? {};
                const ciphertext = textOf(asked["ciphertext"]);
                const data = ciphertext?.startsWith(MARK)
                    ? { plaintext: ciphertext.slice(MARK.length) }
                    : { ciphertext: `${MARK}${textOf(asked["plaintext"]) ?? ""}` };
                response.setHeader("content-type", "application/json");
                response.end(JSON.stringify({ data }));
            })
            .catch(() => response.destroy()); // whoever asked was killed
    });
    await new Promise<void>((resolve) => server.unref().listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return {
        VAULT_SERVER_URL: `http://127.0.0.1:${port}`,
        VAULT_SERVER_TOKEN: "lab",
    };
}

function base64(plain: string): string {
    return Buffer.from(plain).toString("base64");
}
