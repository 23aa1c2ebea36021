// The addresses that a program's attachments are given where it says none.
import {
    ContainerAttachment,
    type ContainerAttachmentArgs,
    type Host,
    Overlay,
} from "../../components";
import { probe } from "../../components/remote/probe";
import { type Problem } from "../../components/wire/problem";
import { answered, firstChoice, host } from "../support/builders";
import { mockedStack, resource, valueOf } from "../support/mocks";

const mockRefused: string[] = [];
jest.mock("../../components/run/refuse", () => ({
    ...jest.requireActual<object>("../../components/run/refuse"),
    refuse: (_: string, name: string, problems: readonly Problem[]) => {
        mockRefused.push(...problems.map(({ path, message }) => `${name}: ${path}: ${message}`));
    },
}));
jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const STACK = "crosshost-demo-79f8e4";
const HERE = {
    network: "mesh",
    subnet: "10.42.1.0/24",
    gateway: "10.42.1.1",
    ipRange: "10.42.1.0/26",
};
const choice = (name: string) => firstChoice(name, HERE);

/** Two names of one first choice. */
const [ONE, TWO] = namesakes();

function namesakes(): [string, string] {
    const seen = new Map<string, string>();
    for (let at = 0; ; at += 1) {
        const other = seen.get(choice(`c${at}`));
        if (other !== undefined) {
            return [other, `c${at}`];
        }
        seen.set(choice(`c${at}`), `c${at}`);
    }
}

function next(address: string): string {
    const [, last = ""] = /(\d+)$/.exec(address) ?? [];
    return address.replace(/\d+$/, String(Number(last) + 1));
}

/** A fresh program on a host that tells these places. */
async function program(...endpoint: string[]) {
    await mockedStack();
    mockRefused.length = 0;
    jest.mocked(probe).mockResolvedValue(answered({ facts: new Map([["endpoint", endpoint]]) }));
    const vm1: Host = host("vm1", 11);
    const network = new Overlay("mesh", {
        hosts: [vm1],
        cidr: "10.42.0.0/16",
        backend: { vxlan: {} },
    });
    return (name: string, more: Partial<ContainerAttachmentArgs> = {}) =>
        new ContainerAttachment(name, { host: vm1, network, containerName: name, ...more });
}

test("two of one first choice get it and the next, in the order of their names", async () => {
    for (const names of [
        [ONE, TWO],
        [TWO, ONE],
    ]) {
        const attach = await program();
        const made = names.map((name) => ({ name, address: attach(name).ipv4Address }));
        const given = await Promise.all(
            made.map(async ({ name, address }) => [name, await valueOf(address)] as const),
        );
        const [first, second] = [ONE, TWO].sort();
        expect(new Map(given)).toEqual(
            new Map([
                [first, choice(ONE)],
                [second, next(choice(ONE))],
            ]),
        );
        expect((await resource(`${second}-vm1`)).inputs["stdin"]).toContain(
            `docker endpoint ${second} crosshost-demo-mesh: ipv4 ${next(choice(ONE))} alias ${second}\n`,
        );
    }
    expect(mockRefused).toEqual([]);
});

test("one that the program says elsewhere is passed over, be it said later", async () => {
    const attach = await program();
    const { ipv4Address } = attach("api");
    attach("web", { ipv4Address: choice("api") });
    expect(await valueOf(ipv4Address)).toBe(next(choice("api")));
    expect(mockRefused).toEqual([]);
});

test("what the host tells: what others have is passed over, what it was given stays", async () => {
    const taken = [
        `by-hand mesh ${choice("api")} -`,
        `other mesh ${next(choice("api"))} crosshost-other-123456:attachment-api`,
        `leaves mesh ${next(next(choice("api")))} ${STACK}:attachment-leaves`,
        `db mesh 10.42.1.77 ${STACK}:attachment-db`,
    ];
    const attach = await program(...taken);
    const [api, db] = [attach("api"), attach("db")];
    expect(await valueOf(api.ipv4Address)).toBe(next(next(next(choice("api")))));
    expect(await valueOf(db.ipv4Address)).toBe("10.42.1.77");
    expect(mockRefused).toEqual([]);
});

test("who says an address that another was given is refused, whoever comes first", async () => {
    const attach = await program(`db mesh 10.42.1.77 ${STACK}:attachment-db`);
    attach("web", { ipv4Address: "10.42.1.77" });
    await valueOf(attach("db").ipv4Address);
    expect(mockRefused).toEqual([
        'db: ipv4Address: 10.42.1.77, its address so far, is set by "web": choose another there, or set ipv4Address here',
    ]);
});

test("where all are somebody's, that is told", async () => {
    const all = Array.from({ length: 191 }, (_, at) => `c${at} mesh 10.42.1.${at + 64} -`);
    const attach = await program(...all);
    await valueOf(attach("api").ipv4Address);
    expect(mockRefused).toEqual([
        "api: ipv4Address: no address is free in 10.42.1.0/24: choose a larger network, or remove attachments in an `up` before this one",
    ]);
});
