// What the published docker plugin 5.2.0 does to reach an engine and its images: a table of facts.
import { checkConfig, configure } from "../../lab/pulumi/docker/config";
import { referenceOf } from "../../lab/pulumi/docker/image";
import { registryOf } from "../../lab/pulumi/dockerd/registry";
import { remoteImage } from "../../lab/pulumi/docker/remoteImage";
import {
    isSecret,
    parseJson,
    secret,
    text,
    UNKNOWN,
    type Value,
    type ValueMap,
} from "../../lab/pulumi/plugin/values";
import { failure } from "./containers";
import { FakeDocker, IMAGE, installSsh, sshCalls, stopEverything } from "./fakeDocker";
import { facts, operation } from "./operation";
import { closedPort } from "./sshHost";

beforeAll(installSsh);
afterAll(stopEverything);

const PRIVATE = "private.lan:5001/api:2";
const LOGIN = { address: "private.lan:5001", username: "puller", password: "hunter2" };

async function pulled(docker: FakeDocker, name: string, registryAuth?: Value): Promise<ValueMap> {
    const engine = docker.engine(
        registryAuth ? { registryAuth: JSON.stringify(registryAuth) } : {},
    );
    const { outputs } = await remoteImage.create({ name }, operation(engine));
    return outputs;
}

function logins(...all: ValueMap[]): ValueMap {
    return { registryAuth: JSON.stringify(all) };
}

function wrong(inputs: ValueMap): string[] {
    return checkConfig(inputs, "vm1").failures.map(({ reason }) => reason);
}

function said(docker: FakeDocker): Value {
    const header = docker.request("POST /images/create").headers["x-registry-auth"];
    return parseJson(Buffer.from(text(header) ?? "", "base64").toString());
}

facts("the docker provider", [
    [
        "is configured without calling anyone: a preview needs no host",
        () => {
            const calls = sshCalls().length;
            configure({ host: "ssh://root@192.0.2.1" });
            expect(sshCalls()).toHaveLength(calls);
        },
    ],
    [
        "calls ssh with its sshOpts first, then as docker itself does",
        async () => {
            const docker = await FakeDocker.start();
            const engine = docker.engine({ sshOpts: '["-o","IdentitiesOnly=yes"]' });
            await engine.apiMinor();
            expect(sshCalls().at(-1)).toEqual([
                ...["-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=30", "-T", "-l", "ops"],
                ...["-p", String(docker.port), "--", "vm1", "docker", "system", "dial-stdio"],
            ]);
        },
    ],
    [
        "takes options from DOCKER_SSH_OPTS where it has none",
        async () => {
            process.env["DOCKER_SSH_OPTS"] = "-o BatchMode=yes";
            await (await FakeDocker.start()).engine().apiMinor();
            delete process.env["DOCKER_SSH_OPTS"];
            expect(sshCalls().at(-1)?.slice(0, 2)).toEqual(["-o", "BatchMode=yes"]);
        },
    ],
    [
        "does one call after another over one ssh",
        async () => {
            const docker = await FakeDocker.start();
            const engine = docker.engine();
            const calls = sshCalls().length;
            await remoteImage.create({ name: IMAGE }, operation(engine));
            await remoteImage.create({ name: IMAGE }, operation(engine));
            expect(sshCalls()).toHaveLength(calls + 1);
        },
    ],
    [
        "speaks the engine's API, up to the newest it knows",
        async () => {
            expect(await (await FakeDocker.start(41)).engine().apiMinor()).toBe(41);
            expect(await (await FakeDocker.start(60)).engine().apiMinor()).toBe(51);
        },
    ],
    [
        "says by name which engine it cannot reach, and tries again the next time",
        async () => {
            const host = `ssh://ops@vm1:${await closedPort()}`;
            const engine = configure({ host });
            const { message } = await failure(engine.apiMinor());
            expect(message).toMatch(
                /^failed to create Docker client: Error pinging Docker server, please make sure that ssh:\/\/ops@vm1:\d+ is reachable .* has exited with exit status 255, .* stderr=ssh: connect to host vm1 port \d+: Connection refused$/,
            );
            const calls = sshCalls().length;
            await failure(engine.apiMinor());
            expect(sshCalls()).toHaveLength(calls + 1);
            const unchecked = configure({ host, disableDockerDaemonCheck: "true" });
            expect((await failure(unchecked.apiMinor())).message).toMatch(
                /^error during connect: Get/,
            );
        },
    ],
    [
        "refuses a key that it does not know, also within a login",
        () => {
            const unknown = (key: string) =>
                `could not validate provider configuration: Invalid or unknown key. Examine values at 'vm1.${key}'.`;
            const images = { ...LOGIN, images: ["api:2"] };
            expect(wrong({ sshOpts: '["-v"]', version: "5.2.0", ...logins(LOGIN) })).toEqual([]);
            expect(wrong(logins(images))).toEqual([unknown("registryAuth")]);
            expect(wrong({ registryAuth: secret(JSON.stringify([images])) })).toHaveLength(1);
            expect(wrong({ ...logins({ ...images, a: 1 }, images), colour: "red" })).toEqual([
                unknown("colour"),
                ...["registryAuth", "registryAuth", "registryAuth"].map(unknown),
            ]);
        },
    ],
    [
        "refuses a login without an address, and lets one through that a preview does not know yet",
        () => {
            expect(wrong(logins({ username: "u" })).join()).toContain(
                'The argument "registry_auth.0.address" is required',
            );
            expect(wrong(logins({ address: "" })).join()).toContain("to not be an empty string");
            expect(wrong({ registryAuth: UNKNOWN })).toEqual([]);
            expect(() => wrong({ registryAuth: "nonsense" })).toThrow(
                "CheckConfig failed because of malformed resource inputs",
            );
        },
    ],
    [
        "makes the logins a secret where one of them has a password",
        () => {
            const kept = (...all: ValueMap[]) =>
                isSecret(checkConfig(logins(...all), "vm1").inputs["registryAuth"]);
            expect(kept({ address: "a" }, LOGIN)).toBe(true);
            expect(kept({ address: "a" })).toBe(false);
        },
    ],
    [
        "goes by DOCKER_CONTEXT, whatever its host, unless its own context is said, be it empty",
        () => {
            process.env["DOCKER_CONTEXT"] = "other";
            expect(() => configure({ host: "ssh://a" })).toThrow("context:");
            expect(() => configure({ host: "ssh://a", context: "" })).not.toThrow();
            delete process.env["DOCKER_CONTEXT"];
        },
    ],
    [
        "has the host of DOCKER_HOST, or the local socket, which this one does not reach (stand-in)",
        () => {
            expect(checkConfig({}, "vm1")).toEqual({ inputs: {}, failures: [] });
            expect(() => configure({})).toThrow("reaches engines by ssh:// only");
            expect(() => configure({ host: "ssh://a", certPath: "/x" })).toThrow("certPath:");
        },
    ],
]);

facts("pulling", [
    [
        "an image that is on the host is not pulled",
        async () => {
            const docker = await FakeDocker.start();
            await pulled(docker, IMAGE);
            expect(docker.calls.join()).not.toContain("POST");
        },
    ],
    [
        "another is, by its tag, its digest, or `latest`",
        async () => {
            const docker = await FakeDocker.start();
            await pulled(docker, "registry.lan:5000/api:2");
            expect(docker.calls).toContain(
                "POST /images/create?fromImage=registry.lan%3A5000%2Fapi&tag=2",
            );
            expect(referenceOf("registry.lan:5000/api")).toEqual({
                repository: "registry.lan:5000/api",
                tag: "latest",
            });
            const digest = `sha256:${"0".repeat(64)}`;
            expect(referenceOf(`busybox:1@${digest}`)).toEqual({
                repository: "busybox",
                tag: digest,
            });
        },
    ],
    [
        "the login is that of the image's registry",
        async () => {
            const docker = await FakeDocker.start();
            await pulled(docker, PRIVATE, [LOGIN]);
            expect(said(docker)).toEqual({
                username: "puller",
                password: "hunter2",
                serveraddress: "https://private.lan:5001",
            });
            await pulled(docker, "registry.lan:5000/other:1", [LOGIN]);
            expect(said(docker)).toEqual({});
        },
    ],
    [
        "the login is padded base64, which Docker 20.10 needs",
        async () => {
            const docker = await FakeDocker.start();
            await pulled(docker, PRIVATE, [{ ...LOGIN, password: "12" }]);
            const header = docker.request("POST /images/create").headers["x-registry-auth"];
            expect((text(header) ?? "").length % 4).toBe(0);
        },
    ],
    [
        "a registry's address may begin with https://; a docker config's text will do as well",
        async () => {
            const docker = await FakeDocker.start();
            const auth = Buffer.from("puller:hunter2").toString("base64");
            const configFileContent = JSON.stringify({ auths: { "private.lan:5001": { auth } } });
            await pulled(docker, PRIVATE, [
                { address: "https://private.lan:5001/v2/", configFileContent },
            ]);
            expect(said(docker)).toMatchObject({ username: "puller", password: "hunter2" });
            expect(() =>
                configure({ host: "ssh://a", registryAuth: '[{"address":"x.lan"}]' }),
            ).toThrow("registryAuth for x.lan: give username and password");
        },
    ],
    [
        "what stands before the first slash is a registry where it can be a host",
        () => {
            const names = [
                "busybox",
                "library/busybox",
                "localhost/a",
                "a.lan/b",
                "a:5000/b",
                "a/b/c",
            ];
            expect(names.map(registryOf)).toEqual([
                "registry-1.docker.io",
                "registry-1.docker.io",
                "localhost",
                "a.lan",
                "a:5000",
                "a",
            ]);
        },
    ],
    [
        "why a pull failed is lost where it comes within the answer: here it is a warning (stand-in)",
        async () => {
            const docker = await FakeDocker.start();
            docker.pullAnswer = '{"status":"Pulling"}\n{"error":"manifest unknown"}\n';
            const doing = operation(docker.engine());
            const { message } = await failure(remoteImage.create({ name: PRIVATE }, doing));
            expect(message).toBe(
                `1 error occurred:\n\t* Unable to read Docker image into resource: unable to find or pull image ${PRIVATE}\n\n`,
            );
            expect(doing.messages).toMatchObject([
                { severity: "WARNING", message: "manifest unknown" },
            ]);
        },
    ],
    [
        "a pull that is refused is quoted",
        async () => {
            const docker = await FakeDocker.start();
            docker.refusals.set("POST /images/create", [500, "no basic auth credentials"]);
            expect((await failure(pulled(docker, PRIVATE))).message).toContain(
                `unable to pull image ${PRIVATE}: error pulling image ${PRIVATE}: Error response from daemon: no basic auth credentials`,
            );
        },
    ],
]);

facts("docker.RemoteImage", [
    [
        "its id is the image's and the name; its digest that of the name's repository",
        async () => {
            const outputs = await pulled(await FakeDocker.start(), IMAGE);
            expect(outputs).toMatchObject({
                id: `${String(text(outputs["imageId"]))}${IMAGE}`,
                repoDigest: `registry.lan:5000/busybox@sha256:${"cd".repeat(32)}`,
            });
        },
    ],
    [
        "name, platform, triggers and pullTriggers replace; keepLocally and forceRemove do not",
        () => {
            const inputs = {
                name: "b",
                platform: "linux/arm64",
                triggers: { a: "1" },
                pullTriggers: ["x"],
                keepLocally: true,
                forceRemove: true,
            };
            const differences = remoteImage.diff({
                oldInputs: {},
                oldOutputs: { name: "a" },
                inputs,
            });
            const replacing = differences.filter(({ replace }) => replace).map(({ path }) => path);
            expect(replacing.sort()).toEqual(["name", "platform", "pullTriggers", "triggers"]);
            expect(differences).toHaveLength(6);
        },
    ],
    [
        "is removed from the host, unless kept; one that is gone already is fine",
        async () => {
            const docker = await FakeDocker.start();
            const engine = docker.engine();
            await remoteImage.delete("id", { name: IMAGE, keepLocally: true }, operation(engine));
            expect(docker.images.size).toBe(1);
            await remoteImage.delete("id", { name: IMAGE }, operation(engine));
            expect(docker.images.size).toBe(0);
            await remoteImage.delete("id", { name: IMAGE }, operation(engine));
        },
    ],
    [
        "one that is in use stays, with the engine's reason",
        async () => {
            const docker = await FakeDocker.start();
            docker.refusals.set("DELETE /images", [409, "image is being used"]);
            const removed = remoteImage.delete("id", { name: IMAGE }, operation(docker.engine()));
            expect((await failure(removed)).message).toContain(
                "Unable to remove Docker image: Error response from daemon: image is being used",
            );
        },
    ],
    [
        "a refresh of one that is gone takes it out of the state",
        async () => {
            const docker = await FakeDocker.start();
            const known = { inputs: { name: "gone" }, outputs: { name: "gone" } };
            expect(await remoteImage.read("id", known, operation(docker.engine()))).toBeUndefined();
        },
    ],
]);
