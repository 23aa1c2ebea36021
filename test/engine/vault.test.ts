// The keeper of stacks' keys, asked as Pulumi's Go library asks Vault.
import { SECRETS_PROVIDER, serveVault } from "../../lab/pulumi/resident/vault";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("the keys of stacks", () => {
    let url: string;

    beforeAll(async () => {
        url = (await serveVault()).VAULT_SERVER_URL;
    });

    async function ask(request: string, body: object): Promise<Readonly<Record<string, string>>> {
        const answer = await fetch(`${url}/v1/transit/${request}/lab`, {
            method: "PUT",
            body: JSON.stringify(body),
        });
        return ((await answer.json()) as { data: Record<string, string> }).data;
    }

    it("are told by what a stack's file has, and have the length of one", async () => {
        const ciphertext = Buffer.from(SECRETS_PROVIDER.encryptedkey, "base64").toString();
        const { plaintext = "" } = await ask("decrypt", { ciphertext });
        expect(Buffer.from(plaintext, "base64")).toHaveLength(32);
    });

    it("come back as they were given", async () => {
        const given = { plaintext: base64("a new key") };
        expect(await ask("decrypt", await ask("encrypt", given))).toEqual(given);
    });
});
