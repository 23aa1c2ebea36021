import { answersOnLan, lab, unanswered } from "./lab";

/** Ways of the containers of `test/e2e/firewalls` by which nothing gets through, on all hosts of the lab. */
export function lostByAll(): string[] {
    return Object.keys(lab().hosts).flatMap(lost);
}

/** What does not get to where it should, from a host's containers and to them. */
function lost(host: string): string[] {
    const { internet, hosts } = lab();
    const others = Object.keys(hosts).filter((other) => other !== host);
    const numbers = others.map((other) => other.replace("vm", ""));
    const remote = numbers.flatMap((n) => [`10.42.${n}.200`, `10.43.${n}.200`]);
    const published = `${hosts[host]?.address ?? ""}/8080`;
    return [
        ...unanswered(host, "web", [...remote, "10.60.0.201"]).map((to) => `web -> ${to}`),
        ...unanswered(host, "db", [internet.address]).map((to) => `db -> ${to}`),
        ...(answersOnLan(published) ? [] : ["LAN -> port 8080"]),
    ].map((way) => `${host}: ${way}`);
}
