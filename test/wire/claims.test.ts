import { Claims, type HostPort, portsClash } from "../../components/wire/claims";

test("the first who claims a thing has it; a later one is told who", () => {
    const claims = new Claims();
    expect(claims.holder("10.42.1.200")).toBeUndefined();
    expect(claims.claim("10.42.1.200", "api")).toBeUndefined();
    expect(claims.claim("10.42.1.201", "db")).toBeUndefined();
    expect(claims.claim("10.42.1.200", "web")).toBe("api");
    expect(claims.holder("10.42.1.200")).toBe("api");
});

const port = (text: string): HostPort => {
    const [, ip = "", number = "", protocol = ""] = /^(.*):(\d+)\/(.*)$/.exec(text) ?? [];
    return { ip, port: Number(number), protocol };
};

test.each([
    ["0.0.0.0:80/tcp", "0.0.0.0:80/tcp", true],
    ["0.0.0.0:80/tcp", "127.0.0.1:80/tcp", true],
    ["127.0.0.1:80/tcp", "0.0.0.0:80/tcp", true],
    ["127.0.0.1:80/tcp", "192.168.40.11:80/tcp", false],
    ["0.0.0.0:80/tcp", "0.0.0.0:80/udp", false],
    ["0.0.0.0:80/tcp", "0.0.0.0:81/tcp", false],
    ["*:80/tcp", ":::80/tcp", true],
    ["*:80/tcp", "127.0.0.1:80/tcp", true],
    [":::80/tcp", "::1:80/tcp", true],
    [":::80/tcp", "127.0.0.1:80/tcp", false],
    ["0.0.0.0:80/tcp", "::1:80/tcp", false],
])("%s and %s: clash %s", (a, b, expected) => {
    expect(portsClash(port(a), port(b))).toBe(expected);
});
