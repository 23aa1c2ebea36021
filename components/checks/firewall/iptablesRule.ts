/** A rule as iptables-legacy saves it, in the words of nft. What is not known there stays as it is, and is so not understood. */
export function inWordsOfNft(rule: string): string {
    const words = rule.replace(/"[^"]*"/g, "text").split(" ");
    const said: string[] = [];
    let protocol = "th";
    let not = "";
    for (let at = 0; at < words.length; at += 1) {
        const [option = "", value = ""] = words.slice(at);
        if (option === "!") {
            not = " !=";
            continue;
        }
        if (option === "-j" || option === "-g") {
            said.push(verdictOf(option, value));
            break; // what follows belongs to the target
        }
        protocol = option === "-p" ? value : protocol;
        const known = OPTIONS[option]?.(value, protocol);
        if (known) {
            const [name, wanted] = known;
            said.push(`${name}${not} ${wanted}`);
        } else if (option !== "-m" && option !== "--comment") {
            said.push(option);
            continue;
        }
        not = "";
        at += 1;
    }
    return said.join(" ");
}

type Option = (value: string, protocol: string) => readonly [name: string, value: string];

const OPTIONS: Readonly<Partial<Record<string, Option>>> = {
    "-s": (value) => ["ip saddr", value],
    "-d": (value) => ["ip daddr", value],
    "-i": (value) => ["iifname", `"${value.replace(/\+$/, "*")}"`],
    "-o": (value) => ["oifname", `"${value.replace(/\+$/, "*")}"`],
    "-p": (value) => ["meta l4proto", value],
    "--dport": (value, protocol) => [`${protocol} dport`, ports(value)],
    "--dports": (value, protocol) => [`${protocol} dport`, `{ ${ports(value)} }`],
    "--sport": (value, protocol) => [`${protocol} sport`, ports(value)],
    "--sports": (value, protocol) => [`${protocol} sport`, `{ ${ports(value)} }`],
    "--ctstate": (value) => [value.endsWith("NAT") ? "ct status" : "ct state", value.toLowerCase()],
    "--state": (value) => ["ct state", value.toLowerCase()],
    "--dst-type": (value) => ["fib daddr type", value.toLowerCase()],
};

function ports(value: string): string {
    return value.replace(/:/g, "-");
}

function verdictOf(option: string, target: string): string {
    return /^(ACCEPT|DROP|REJECT|RETURN)$/.test(target)
        ? target.toLowerCase()
        : `${option === "-g" ? "goto" : "jump"} ${target}`;
}
