// The real CLI with what the lab puts beside it, on hosts of all engines: no Crosshost in it.
import { join } from "node:path";
import { lab, labCommand, on } from "../support/lab";
import { Stack } from "../support/stack";

const NAMES = ["vm1", "vm2", "vm3"];

describe("commands and containers by the CLI", () => {
    let stack: Stack;
    let hosts: string[];
    let first: string;

    beforeAll(() => {
        labCommand("up", "3");
        hosts = Object.keys(lab().hosts).filter((name) => NAMES.includes(name));
        stack = new Stack("engine", join(__dirname, "program"));
        first = stack.up();
    });

    afterAll(() => {
        stack.attempt("destroy", "--yes", "--skip-preview");
        stack.remove();
    });

    const everywhere = (script: string) => hosts.map((host) => on(host, script).trim());

    it("are made as they are written, and the CLI warns of nothing", () => {
        expect(first).not.toMatch(/warning|\$PATH/i);
        const inside = "cat /etc/greeting; echo $TOKEN; hostname -i";
        const expected = "hello\nhunter2\n10.98.0.200";
        expect(everywhere(`docker exec engine-api sh -c '${inside}'`)).toEqual(
            hosts.map(() => expected),
        );
    });

    it("do not differ from the program, after a refresh neither, on any engine", () => {
        stack.nothingToDo("up", "--refresh");
    });

    it("show a changed stdin as what changed in it, and change in place", () => {
        stack.configure({ unit: "mtu: 1400\nsubnet: 10.98.0.0/24\n", restart: "always" });
        const shown = stack.preview();
        expect(shown).toMatch(/~ stdin: \(yaml\) \{\n\s+~ mtu\s*: 1450 => 1400\n/);
        expect(shown).toContain('~ restart: "unless-stopped" => "always"');
        expect(shown).not.toMatch(/replace/);
        const ids = everywhere("docker inspect -f '{{.Id}}' engine-api");
        stack.up();
        const inspect = "docker inspect -f '{{.Id}} {{.HostConfig.RestartPolicy.Name}}' engine-api";
        expect(everywhere(inspect)).toEqual(ids.map((id) => `${id} always`));
    });

    it("see a stopped container and one that is gone in a refresh, and heal them", () => {
        on("vm1", "docker stop -t 0 engine-api");
        on("vm2", "docker rm -f engine-api");
        const shown = stack.preview("--refresh");
        expect(shown).toMatch(/mustRun\s*: false => true/);
        expect(shown).toMatch(/vm2-api/);
        stack.up("--refresh");
        expect(everywhere("docker inspect -f '{{.State.Running}}' engine-api")).toEqual(
            hosts.map(() => "true"),
        );
        stack.nothingToDo("preview");
    });

    it("see of a container that was taken off its network only that its ports are gone", () => {
        on("vm3", "docker network disconnect engine engine-api");
        const shown = stack.preview("--refresh");
        expect(shown).toMatch(/\+ ports: \[\n\s+\+\s+\[0\]: \{/);
        const replaced = shown.slice(shown.lastIndexOf("(replace)"));
        expect(replaced).not.toContain("networksAdvanced");
        on("vm3", "docker network connect --ip 10.98.0.200 engine engine-api");
    });

    it("pull from a registry that asks who is there, and replace the container", () => {
        stack.configure({
            unit: "mtu: 1400\nsubnet: 10.98.0.0/24\n",
            restart: "always",
            private: true,
        });
        stack.up();
        expect(everywhere("docker inspect -f '{{.Config.Image}}' engine-api")).toEqual(
            hosts.map(() => `${lab().privateRegistry.address}/busybox:1`),
        );
    });

    it("are gone after destroy", () => {
        stack.destroy();
        expect(
            everywhere(
                "docker ps -aq --filter name=engine-api; docker network ls -q -f name=engine",
            ),
        ).toEqual(hosts.map(() => ""));
    });
});
