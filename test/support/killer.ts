import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type NetnsHost } from "./netns";

/**
 * A wrapper that kills the whole run at its Nth call of any tool, before or after it has worked.
 * After a call that only looks, all is as it is before the next.
 */
const KILLER = `#!/bin/sh
tool=\${0##*/}
case "$KILL_WHEN $tool $*" in
    after\\ sort* | after*show* | after*list*) ;;
    *)
        read -r n <"$FAKES/calls"
        n=$((n + 1))
        echo $n >"$FAKES/calls"
        ;;
esac
if [ "$n" = "$KILL_AT" ]; then
    [ "$KILL_WHEN" = before ] || /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$tool" "$@"
    kill -9 0
fi
PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec "$tool" "$@"
`;
const KILLED_TOOLS = ["ip", "bridge", "nft", "install", "mv", "rm", "sync", "sort", "mkdir"];

/** Whether there was such a call. */
export function killedAt(
    host: NetnsHost,
    at: number,
    when: "before" | "after",
    run: (environment: NodeJS.ProcessEnv) => unknown,
): boolean {
    for (const tool of KILLED_TOOLS) {
        host.put(tool, KILLER);
    }
    writeFileSync(join(host.folder, "calls"), "0\n");
    run({ KILL_AT: String(at), KILL_WHEN: when });
    for (const tool of KILLED_TOOLS) {
        host.remove(tool);
    }
    return Number(readFileSync(join(host.folder, "calls"), "utf8")) >= at;
}
