// What an SSH session runs over: a TCP connection, or a channel through a proxy.
import { type Duplex } from "node:stream";
import { connect, type Socket } from "node:net";
import { type Client } from "ssh2";
import { type Endpoint } from "./connection";

export type Transport = Duplex;

export function dialTcp({ host, port, perDialTimeout }: Endpoint): Promise<Socket> {
    return new Promise((resolve, reject) => {
        const socket = connect({ host, port, noDelay: true });
        const failed = (reason: string) => {
            socket.destroy();
            reject(new Error(`dial tcp ${addressOf(host, port)}: ${reason}`));
        };
        const timer =
            perDialTimeout > 0
                ? setTimeout(() => {
                      failed("i/o timeout");
                  }, perDialTimeout * 1000)
                : undefined;
        socket.once("error", (error: NodeJS.ErrnoException) => {
            clearTimeout(timer);
            failed(reasonOf(error, host));
        });
        socket.once("connect", () => {
            clearTimeout(timer);
            socket.removeAllListeners("error");
            resolve(socket);
        });
    });
}

/** A connection that the proxy makes; how long it takes is the proxy's business. */
export function forward(via: Client, { host, port }: Endpoint): Promise<Transport> {
    return new Promise((resolve, reject) => {
        via.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
            if (error) {
                const reason = error.message.replace(/^\(SSH\) Channel open failure: /, "");
                reject(new Error(`ssh: rejected: connect failed (${reason})`));
            } else {
                resolve(channel);
            }
        });
    });
}

export function addressOf(host: string, port: number): string {
    return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** In the words that people find when they search for them. */
function reasonOf({ code, message }: NodeJS.ErrnoException, host: string): string {
    const known: Record<string, string> = {
        ECONNREFUSED: "connect: connection refused",
        EHOSTUNREACH: "connect: no route to host",
        ENETUNREACH: "connect: network is unreachable",
        ECONNRESET: "read: connection reset by peer",
        ETIMEDOUT: "connect: connection timed out",
        ENOTFOUND: `lookup ${host}: no such host`,
    };
    return known[code ?? ""] ?? message;
}
