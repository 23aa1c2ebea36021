// The properties of docker.Container.
import { type Property, type Schema } from "./property";

const scalar: Property = { kind: "scalar" };
const computed: Property = { kind: "scalar", computed: true };
const inPlace: Property = { kind: "scalar", inPlace: true };
const list: Property = { kind: "list" };
const set: Property = { kind: "set" };
const map: Property = { kind: "map" };
// Fields of blocks, by what the state has where the program says nothing of them.
const word: Property = { kind: "scalar", unset: "" };
const count: Property = { kind: "scalar", unset: 0, late: true };
const flag: Property = { kind: "scalar", unset: false, late: true };

const LABELS: Schema = { label: word, value: word };
const THROTTLE: Property = {
    kind: "blocks",
    inPlace: true,
    fields: { path: word, rate: word },
};
const DURATION: Property = { kind: "scalar", preset: "0s" };

const HANDLING: Schema = {
    attach: { ...inPlace, unset: false },
    containerReadRefreshTimeoutMilliseconds: { ...inPlace, preset: 15000 },
    destroyGraceSeconds: inPlace,
    logs: { ...inPlace, unset: false },
    mustRun: { ...inPlace, preset: true },
    removeVolumes: { ...inPlace, preset: true },
    rm: inPlace,
    start: { ...inPlace, preset: true },
    wait: { ...inPlace, unset: false },
    waitTimeout: { ...inPlace, preset: 60 },
};

const PROCESS: Schema = {
    command: { ...list, computed: true },
    domainname: scalar,
    entrypoints: { ...list, computed: true },
    envs: { ...set, computed: true },
    groupAdds: set,
    hostname: computed,
    image: scalar,
    init: { ...inPlace, computed: true },
    ipcMode: computed,
    labels: { kind: "blocks", computed: true, fields: LABELS },
    name: scalar,
    pidMode: scalar,
    platform: computed,
    privileged: scalar,
    readOnly: scalar,
    restart: { ...inPlace, preset: "no", pattern: /^(no|on-failure|always|unless-stopped)$/ },
    maxRetryCount: inPlace,
    runtime: computed,
    stdinOpen: scalar,
    stopSignal: computed,
    stopTimeout: computed,
    tty: scalar,
    user: computed,
    usernsMode: scalar,
    workingDir: computed,
    healthcheck: {
        kind: "block",
        inPlace: true,
        computed: true,
        fields: {
            interval: DURATION,
            retries: count,
            startInterval: DURATION,
            startPeriod: DURATION,
            tests: list,
            timeout: DURATION,
        },
    },
};

const RESOURCES: Schema = {
    cgroupParent: scalar,
    cgroupnsMode: scalar,
    cpuPeriod: inPlace,
    cpuQuota: inPlace,
    cpuSet: inPlace,
    cpuShares: inPlace,
    cpus: scalar,
    memory: inPlace,
    memoryReservation: inPlace,
    /** The engine derives it from `memory`. */
    memorySwap: { ...inPlace, computed: true },
    shmSize: computed,
    sysctls: map,
    ulimits: { kind: "blocks", fields: { hard: count, name: word, soft: count } },
    deviceCgroupRules: set,
    deviceReadBps: THROTTLE,
    deviceReadIops: THROTTLE,
    deviceWriteBps: THROTTLE,
    deviceWriteIops: THROTTLE,
    deviceRequests: {
        kind: "blocks",
        fields: {
            capabilities: set,
            count,
            deviceIds: set,
            driver: { kind: "scalar", preset: "cdi" },
            options: map,
        },
    },
    devices: {
        kind: "blocks",
        fields: {
            containerPath: word,
            hostPath: word,
            permissions: { kind: "scalar", preset: "rwm" },
        },
    },
    gpus: scalar,
};

const SECURITY: Schema = {
    capabilities: { kind: "block", fields: { adds: set, drops: set } },
    securityOpts: { ...set, computed: true },
};

const FILES: Schema = {
    mounts: {
        kind: "blocks",
        fields: {
            bindOptions: { kind: "block", fields: { propagation: word } },
            readOnly: flag,
            source: word,
            target: word,
            tmpfsOptions: { kind: "block", fields: { mode: count, sizeBytes: count } },
            type: word,
            volumeOptions: {
                kind: "block",
                fields: {
                    driverName: word,
                    driverOptions: map,
                    labels: { kind: "blocks", fields: LABELS },
                    noCopy: flag,
                    subpath: word,
                },
            },
        },
    },
    storageOpts: map,
    tmpfs: { ...map, inPlace: true },
    uploads: {
        kind: "blocks",
        fields: {
            content: word,
            contentBase64: word,
            executable: { kind: "scalar", unset: false },
            file: word,
            group: word,
            owner: word,
            permissions: word,
            source: word,
            sourceHash: word,
        },
    },
    volumes: {
        kind: "blocks",
        fields: {
            containerPath: word,
            fromContainer: word,
            hostPath: word,
            readOnly: flag,
            selinuxRelabel: word,
            volumeName: word,
        },
    },
    logDriver: computed,
    logOpts: map,
};

const NETWORK: Schema = {
    dns: set,
    dnsOpts: set,
    dnsSearches: set,
    hosts: { kind: "blocks", fields: { host: word, ip: word } },
    networkMode: { ...scalar, preset: "bridge" },
    networksAdvanced: {
        kind: "blocks",
        fields: {
            aliases: set,
            driverOpts: set,
            gwPriority: count,
            ipv4Address: word,
            ipv6Address: word,
            linkLocalIps: set,
            macAddress: word,
            name: word,
        },
    },
    ports: {
        kind: "blockList",
        fields: {
            external: computed,
            internal: scalar,
            ip: { kind: "scalar", preset: "0.0.0.0" },
            protocol: { kind: "scalar", preset: "tcp" },
        },
    },
    publishAllPorts: scalar,
};

/** What `ContainerArgs` has: a test holds the two against one another. */
export const CONTAINER: Schema = {
    ...HANDLING,
    ...PROCESS,
    ...RESOURCES,
    ...SECURITY,
    ...FILES,
    ...NETWORK,
};

/** What the state has nothing of before the first refresh, and from then on an empty one. */
export const READ_EMPTY = [
    "dns",
    "dnsOpts",
    "dnsSearches",
    "groupAdds",
    "logOpts",
    "storageOpts",
    "sysctls",
    "tmpfs",
] as const;

/** What only the engine decides. */
export const COMPUTED = ["bridge", "containerLogs", "exitCode", "networkDatas"] as const;
