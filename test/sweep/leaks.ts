// Private keys of WireGuard: nobody but root reads them, and nothing but their files has them.
import { onAll } from "../support/lab";
import { stateFiles } from "../support/saved";
import { type Pair } from "./life";

/** Names a key's file, as the key itself is to stand in no argument of this look either. */
const LOOK = `
for key in /var/lib/crosshost/*/keys/*; do
    case $key in *.pub | *.pub.new) continue ;; esac
    [ -s "$key" ] || continue
    rights="$(stat -c '%a %u' "$key" "\${key%/*}" | tr '\\n' ' ')"
    [ "$rights" = '600 0 700 0 ' ] || echo "$key: rights $rights"
    grep -rlF -f "$key" --exclude-dir=keys /var/lib/crosshost /run/crosshost /etc /tmp /var/log /root | sed "s|^|$key is in |"
    cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -qF -f "$key" && echo "$key is in a process's words"
    journalctl -q --no-pager | grep -qF -f "$key" && echo "$key is in the journal"
done 2>/dev/null
true
`;
const KEYS = `
for key in /var/lib/crosshost/*/keys/*; do
    case $key in *.pub | *.pub.new) ;; *) cat "$key" 2>/dev/null ;; esac
done
true
`;

/** Where a key is that is not to be there: on the hosts, in the state, in what the CLI has said. */
export async function leaks({ hosts, backend, secrets }: Pair, said: string): Promise<string[]> {
    if (backend !== "wireguard") {
        return [];
    }
    for (const key of (await onAll(hosts, KEYS)).join("\n").split("\n").filter(Boolean)) {
        secrets.add(key);
    }
    const texts = [said, ...stateFiles()];
    const told = [...secrets].some((key) => texts.some((text) => text.includes(key.slice(0, 20))));
    return [
        ...(await onAll(hosts, LOOK)).flatMap((found) => found.split("\n").filter(Boolean)),
        ...(secrets.size === 0 && said === "" ? ["no private key was found to look for"] : []),
        ...(told ? ["a private key is in the state, or was printed"] : []),
    ];
}
