// The properties of docker.Container.
import { type Property, type Schema } from "./property";

const scalar: Property = { kind: "scalar" };
const computed: Property = { kind: "scalar", computed: true };
const inPlace: Property = { kind: "scalar", inPlace: true };
const list: Property = { kind: "list" };
const set: Property = { kind: "set" };
const map: Property = { kind: "map" };

const LABELS: Schema = { label: scalar, value: scalar };
const THROTTLE: Property = {
    kind: "blocks",
    inPlace: true,
    fields: { path: scalar, rate: scalar },
};
const DURATION: Property = { kind: "scalar", preset: "0s" };

const HANDLING: Schema = {
    attach: inPlace,
    containerReadRefreshTimeoutMilliseconds: { ...inPlace, preset: 15000 },
    destroyGraceSeconds: inPlace,
    logs: inPlace,
    mustRun: { ...inPlace, preset: true },
    removeVolumes: { ...inPlace, preset: true },
    rm: inPlace,
    start: { ...inPlace, preset: true },
    wait: inPlace,
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
            retries: scalar,
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
    ulimits: { kind: "blocks", fields: { hard: scalar, name: scalar, soft: scalar } },
    deviceCgroupRules: set,
    deviceReadBps: THROTTLE,
    deviceReadIops: THROTTLE,
    deviceWriteBps: THROTTLE,
    deviceWriteIops: THROTTLE,
    deviceRequests: {
        kind: "blocks",
        fields: {
            capabilities: set,
            count: scalar,
            deviceIds: set,
            driver: { kind: "scalar", preset: "cdi" },
            options: map,
        },
    },
    devices: {
        kind: "blocks",
        fields: {
            containerPath: scalar,
            hostPath: scalar,
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
            bindOptions: { kind: "block", fields: { propagation: scalar } },
            readOnly: scalar,
            source: scalar,
            target: scalar,
            tmpfsOptions: { kind: "block", fields: { mode: scalar, sizeBytes: scalar } },
            type: scalar,
            volumeOptions: {
                kind: "block",
                fields: {
                    driverName: scalar,
                    driverOptions: map,
                    labels: { kind: "blocks", fields: LABELS },
                    noCopy: scalar,
                    subpath: scalar,
                },
            },
        },
    },
    storageOpts: map,
    tmpfs: { ...map, inPlace: true },
    uploads: {
        kind: "blocks",
        fields: {
            content: scalar,
            contentBase64: scalar,
            executable: scalar,
            file: scalar,
            group: scalar,
            owner: scalar,
            permissions: scalar,
            source: scalar,
            sourceHash: scalar,
        },
    },
    volumes: {
        kind: "blocks",
        fields: {
            containerPath: scalar,
            fromContainer: scalar,
            hostPath: scalar,
            readOnly: scalar,
            selinuxRelabel: scalar,
            volumeName: scalar,
        },
    },
    logDriver: computed,
    logOpts: map,
};

const NETWORK: Schema = {
    dns: set,
    dnsOpts: set,
    dnsSearches: set,
    hosts: { kind: "blocks", fields: { host: scalar, ip: scalar } },
    networkMode: { ...scalar, preset: "bridge" },
    networksAdvanced: {
        kind: "blocks",
        fields: {
            aliases: set,
            driverOpts: set,
            gwPriority: scalar,
            ipv4Address: scalar,
            ipv6Address: scalar,
            linkLocalIps: set,
            macAddress: scalar,
            name: scalar,
        },
    },
    ports: {
        kind: "blocks",
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

/** What only the engine decides. */
export const COMPUTED = ["bridge", "containerLogs", "exitCode", "networkDatas"] as const;
