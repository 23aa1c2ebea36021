import { readFileSync } from "node:fs";
import { answer } from "./command";

/** Runs a script on a host of the lab, as root. */
export async function onHost(labFile: string, host: string, script: string): Promise<string> {
    const { sshConfigFile } = JSON.parse(readFileSync(labFile, "utf8")) as {
        sshConfigFile: string;
    };
    return answer(["ssh", "-F", sshConfigFile, host, script]);
}
