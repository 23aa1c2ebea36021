import { join } from "node:path";
import { baseline, difference, dumps } from "../support/hosts";
import { lab, on } from "../support/lab";
import { Stack } from "../support/stack";

const HOSTS = ["vm1", "vm2", "vm3"];

interface Inspected {
    readonly Config: {
        readonly Env: string[];
        readonly User: string;
        readonly Labels: Record<string, string>;
        readonly Hostname: string;
        readonly StopTimeout: number;
        readonly Healthcheck: { readonly Test: string[] };
    };
    readonly HostConfig: {
        readonly RestartPolicy: { readonly Name: string };
        readonly Binds: string[];
        readonly PortBindings: Record<string, { HostPort: string }[]>;
    };
    readonly NetworkSettings: {
        readonly Networks: Record<string, { IPAddress: string; Aliases: string[] }>;
    };
}

describe("created containers", () => {
    const stack = new Stack(
        "containers",
        join(__dirname, "containers"),
        [],
        /peer does not find names of other hosts: something is mounted/,
    );
    const context = process.env["DOCKER_CONTEXT"];
    let before: string[];
    let hostsFile: string;

    beforeAll(async () => {
        // The operator's own, which the provider would go by: only the program decides.
        process.env["DOCKER_CONTEXT"] = "elsewhere";
        before = await baseline(HOSTS);
        hostsFile = on("vm2", "cat /etc/hosts");
        stack.up();
    });

    afterAll(() => {
        delete process.env["DOCKER_CONTEXT"];
        Object.assign(process.env, context === undefined ? {} : { DOCKER_CONTEXT: context });
        stack.cleanUp();
        on("vm1", "docker volume rm -f crosshost-data >/dev/null");
    });

    it("take all arguments to the host, pulled from a private registry", () => {
        const [full] = JSON.parse(on("vm1", "docker inspect full")) as Inspected[];
        expect(full?.Config.Env).toEqual(
            expect.arrayContaining(["GREETING=hello world", "QUOTE='\"$HOME`"]),
        );
        expect(full?.Config).toMatchObject({ User: "1000:1000", Hostname: "full-host" });
        expect(full?.Config.Labels).toMatchObject({ owner: "tests" });
        expect(full?.Config.Healthcheck.Test).toContain("http://peer/cgi-bin/peer");
        expect(full?.HostConfig.RestartPolicy.Name).toBe("unless-stopped");
        expect(full?.Config.StopTimeout).toBe(3);
        expect(full?.HostConfig.Binds.join()).toContain("crosshost-data:/data");
        expect(full?.HostConfig.PortBindings["8000/tcp"]?.[0]?.HostPort).toBe("8181");
        expect(full?.NetworkSettings.Networks["net"]).toMatchObject({ IPAddress: "10.60.1.200" });
        expect(full?.NetworkSettings.Networks["net"]?.Aliases).toEqual(
            expect.arrayContaining(["everything", "full"]),
        );
    });

    it("reach each other at their static addresses and by alias", () => {
        on("vm2", "docker exec peer ping -c 2 -W 2 10.60.1.200");
        on("vm1", "docker exec -u 0 full ping -c 2 -W 2 10.60.2.200");
        on("vm1", "docker run --rm --network net lan-registry:5000/busybox:1 ping -c 1 everything");
    });

    it("find containers of other hosts by name, but for one with a file of its own at /etc/hosts", () => {
        expect(on("vm1", "docker exec full cat /etc/hosts")).toContain("10.60.2.200 peer");
        expect(on("vm2", "cat /etc/hosts")).toBe(hostsFile);
        const told = "container peer does not find names of other hosts";
        expect(stack.preview()).toContain(told);
    });

    it("share the network with a host behind a jump host, where Crosshost is a user with sudo", () => {
        expect(on("vm3", "ip -br addr show type bridge")).toContain("10.60.30.1/16");
        expect(on("vm3", "ping -c 2 -W 2 -I 10.60.30.1 10.60.1.200")).toContain(" 0% packet loss");
        expect(on("vm3", "docker network inspect net")).toContain("10.60.30.0/26");
    });

    it("are in step with the program, after a refresh too", () => {
        stack.nothingToDo("up", "--refresh");
    });

    it("is told when one is stopped or gone, and repaired by up --refresh", () => {
        on("vm1", "docker stop -t 1 full >/dev/null");
        on("vm2", "docker rm -f peer >/dev/null");
        const shown = stack.preview();
        expect(shown).toContain("container full is stopped");
        expect(shown).toContain("container peer is gone");
        stack.up("--refresh");
        stack.nothingToDo("preview");
        on("vm1", "docker exec -u 0 full ping -c 2 -W 2 10.60.2.200");
    });

    const RUN = "docker run -d --entrypoint sh $@ lan-registry:5000/busybox:1";
    const inNetwork = (host: string, container: string) =>
        on(
            host,
            `docker inspect -f '{{with index .NetworkSettings.Networks "net"}}{{.IPAMConfig.IPv4Address}}{{end}}' ${container}`,
        ).trim();

    it("refuses an address that a container of others has, running or not, and leaves all able to start", () => {
        on(
            "vm1",
            `set -- --name squat --network net --ip 10.60.1.210; ${RUN} -c 'sleep 900' >/dev/null`,
        );
        on("vm1", `set -- --name hand; ${RUN} -c 'sleep 900' >/dev/null`);
        stack.configure({ hand: "210" });
        const text = "10.60.1.210 on the network net is the address of the container squat";
        expect(stack.attempt("preview").output).toContain(text);
        on("vm1", "docker kill squat >/dev/null");
        expect(stack.attempt("preview").output).toContain(`${text} (exited`);
        expect(stack.attempt("up", "--yes", "--skip-preview").output).toContain(
            "give one of them another",
        );
        on("vm1", "docker start squat && docker restart -t 0 hand");
        expect(inNetwork("vm1", "hand")).toBe("");
        stack.configure({ hand: "211" });
        stack.up();
        on("vm1", "docker pause hand >/dev/null");
        stack.nothingToDo("preview");
        on("vm1", "docker rm -f squat >/dev/null");
    });

    it("joins and leaves a network that is made anew, though Docker starts it over and over", () => {
        for (const [host, name] of [
            ["vm1", "loop"],
            ["vm3", "loop-behind"],
        ] as const) {
            on(
                host,
                `set -- --name ${name} --restart always; ${RUN} -c 'sleep 0.2; exit 1' >/dev/null`,
            );
        }
        for (const at of ["220", "221"]) {
            stack.configure({ hand: "211", loop: at, "loop-behind": at });
            stack.up();
            expect(inNetwork("vm1", "loop")).toBe(`10.60.1.${at}`);
            expect(inNetwork("vm3", "loop-behind")).toBe(`10.60.30.${at}`);
        }
        stack.configure({ hand: "211" });
        stack.up();
        for (const [host, name] of [
            ["vm1", "loop"],
            ["vm3", "loop-behind"],
        ] as const) {
            expect(inNetwork(host, name)).toBe("");
            expect(on(host, `docker inspect -f '{{.State.Running}}' ${name}`)).toBe("true\n");
            on(host, `docker rm -f ${name} >/dev/null`);
        }
        stack.configure({});
        stack.up();
        on("vm1", "docker rm -f hand >/dev/null");
    });

    it("keeps passwords and keys out of its output", () => {
        stack.configure({ port: 8282 });
        const shown = stack.up("--diff");
        expect(shown).not.toContain(lab().privateRegistry.password);
        expect(shown).not.toContain("PRIVATE KEY");
    });

    it("leave no trace after destroy but their volumes", async () => {
        stack.destroy();
        on("vm1", "docker volume rm crosshost-data >/dev/null");
        expect(difference(before, await dumps(HOSTS))).toEqual([]);
    });
});
