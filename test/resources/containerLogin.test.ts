import * as pulumi from "@pulumi/pulumi";
import { containerLoginProblem } from "../../components/resources/containerLogin";

const TLS_VARIABLES = [
    "DOCKER_CERT_PATH",
    "DOCKER_CA_MATERIAL",
    "DOCKER_CERT_MATERIAL",
    "DOCKER_KEY_MATERIAL",
];
const environment = process.env;
beforeEach(() => {
    process.env = {};
});
afterAll(() => {
    process.env = environment;
});

const WANTED =
    "containers are created over OpenSSH, which needs a private key without a passphrase, " +
    "or an agent (agentSocketPath or $SSH_AUTH_SOCK): add one to the connection";
const KEYED = { host: "192.168.40.11", privateKey: "key" };
const password = pulumi.secret("hunter2");

test.each([
    ["a password alone", { host: "192.168.40.11", password }],
    ["a key with a passphrase", { ...KEYED, privateKeyPassword: "hunter2" }],
    ["no key at all", { host: "192.168.40.11" }],
])("%s creates no containers", (_, login) => {
    expect(containerLoginProblem("vm1", login)).toBe(`vm1: ${WANTED}`);
    process.env["SSH_AUTH_SOCK"] = "/run/agent";
    expect(containerLoginProblem("vm1", login)).toBeUndefined();
});

test.each([
    ["a key", KEYED],
    [
        "a key with a passphrase that may turn out to be none",
        { ...KEYED, privateKeyPassword: password },
    ],
    ["a key with an empty passphrase", { ...KEYED, privateKeyPassword: "" }],
    ["an agent", { host: "192.168.40.11", agentSocketPath: pulumi.output("/run/agent") }],
])("%s does, as far as is known", (_, login) => {
    expect(containerLoginProblem("vm1", login)).toBeUndefined();
});

test("the jump host needs such a login too", () => {
    const proxy = { host: "jump.example", password };
    expect(containerLoginProblem("vm1", { ...KEYED, proxy })).toBe(
        `the jump host of vm1: ${WANTED}`,
    );
});

const OVER_SSH =
    "containers are created over SSH, which the Docker provider cannot do with certificates in the environment";

test.each(TLS_VARIABLES)("$%s, by which the provider goes, is to be unset", (name) => {
    process.env[name] = "/home/ops/.docker";
    expect(containerLoginProblem("vm1", KEYED)).toBe(`vm1: ${OVER_SSH}: unset ${name}`);
    process.env[name] = "";
    expect(containerLoginProblem("vm1", KEYED)).toBeUndefined();
});

test("all such variables are named at once, and none of their values", () => {
    process.env["DOCKER_CERT_PATH"] = "/home/ops/.docker";
    process.env["DOCKER_KEY_MATERIAL"] = "hunter2";
    expect(containerLoginProblem("vm1", KEYED)).toBe(
        `vm1: ${OVER_SSH}: unset DOCKER_CERT_PATH DOCKER_KEY_MATERIAL`,
    );
});
