import { shell, type TrialLab } from "./trial";

/** Everything on this machine that a lab could leave behind, one line each. */
const EVERYTHING = `
    ip netns list | sed 's/ .*//; s/^/namespace /'
    ip -o link show | sed 's/^[0-9]*: \\([^:@]*\\).*/link \\1/'
    ip -4 route show table all | grep -v '^local\\|^broadcast' | sed 's/^/route /'
    awk '{ print "mount", $5 }' /proc/self/mountinfo
    find /sys/fs/cgroup -type d -path '*crosshost*' | sed 's/^/group /'
    for p in /proc/[0-9]*; do
        line=$(tr '\\0\\n' '  ' <"$p/cmdline" 2>/dev/null)
        [ -n "$line" ] || continue # a zombie is its parent's affair
        grep -s crosshost-lab "$p/cgroup" | sed "s|$| process $line|"
        grep -qsaE 'CROSSHOST_LAB=trial(one|three)' "$p/environ" && echo "process $line"
    done
    find /run/systemd/nspawn -type f 2>/dev/null | sed 's/^/file /'
`;

/** What stands there now, but for what belongs to labs that run beside the tests. */
export async function leftovers(trials: readonly TrialLab[]): Promise<string[]> {
    const lines = (await shell(EVERYTHING)).split("\n").filter((line) => line !== "");
    return [...new Set(lines)].filter((line) => !ofAnotherLab(line, trials)).sort();
}

function ofAnotherLab(line: string, trials: readonly TrialLab[]): boolean {
    const names = [...line.matchAll(/(?:\bch-|\blab-|labs\/|crosshost-lab\/)([a-z][a-z0-9]*)/g)];
    return names.some(([, name]) => !trials.some((trial) => trial.name === name));
}
