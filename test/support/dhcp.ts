import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lab, on } from "./lab";
import { until } from "./patience";

/** dnsmasq gives no lease for less than two minutes, but clients renew theirs when they are told to. */
const LEASE = "2m";
const RENEWED_EACH_S = 4;
const STARTS_WITHIN_MS = 10_000;

/** A DHCP server on the LAN, in the router's place: a host has the address that the lab knows it by, as long as it is known by the same name. */
export class DhcpServer {
    readonly #folder = mkdtempSync(join(tmpdir(), "crosshost-dhcp-"));
    readonly #log = join(this.#folder, "log");
    readonly #leases = join(this.#folder, "leases");
    readonly #macs: Readonly<Record<string, string>>;
    readonly #stop: () => void;

    private constructor(hosts: readonly string[]) {
        const { lan, hosts: known } = lab();
        const addressOf = (host: string) => known[host]?.address ?? "";
        this.#macs = Object.fromEntries(
            hosts.map((host) => [host, on(host, "cat /sys/class/net/eth0/address").trim()]),
        );
        const net = lan.cidr.replace(/\.0\/24$/, "");
        const words = [
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--port=0",
            "--user=root",
            "--pid-file",
            "--interface=lan",
            "--bind-interfaces",
            `--dhcp-range=${net}.150,${net}.190,${LEASE}`,
            ...hosts.map((host) => `--dhcp-host=${this.#macs[host] ?? ""},${addressOf(host)}`),
            `--dhcp-option=option:router,${lan.address}`,
            `--dhcp-option-force=option:T1,${RENEWED_EACH_S}`,
            `--dhcp-leasefile=${this.#leases}`,
            `--log-facility=${this.#log}`,
        ];
        const within = ["ip", "netns", "exec", lan.namespace, "dnsmasq", ...words];
        // not for longer than this process
        const child = spawn("setpriv", ["--pdeathsig", "KILL", ...within], {
            stdio: ["ignore", "ignore", "inherit"],
        });
        this.#stop = () => child.kill("SIGKILL");
    }

    static async start(hosts: readonly string[]): Promise<DhcpServer> {
        const server = new DhcpServer(hosts);
        await until(STARTS_WITHIN_MS, () => existsSync(server.#log));
        return server;
    }

    /** By which name a host has which address: that of its lease. */
    leaseOf(host: string): { readonly address: string; readonly client: string } {
        const lines = readFileSync(this.#leases, "utf8").split("\n");
        const [, , address = "", , client = ""] =
            lines.find((line) => line.includes(` ${this.#macs[host] ?? ""} `))?.split(" ") ?? [];
        return { address, client };
    }

    /** How often a host was given its address, as the first time or anew. */
    given(host: string): number {
        const lines = readFileSync(this.#log, "utf8").split("\n");
        return lines.filter(
            (line) => line.includes("DHCPACK") && line.includes(this.#macs[host] ?? ""),
        ).length;
    }

    stop(): void {
        this.#stop();
        rmSync(this.#folder, { recursive: true });
    }
}
