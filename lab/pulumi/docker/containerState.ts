// A container as the engine has it, in the words of the program. The published plugin reads back
// what is here; networksAdvanced, envs, labels, volumes and uploads it never looks at again.
import { bool, map, maps, number, text, texts, type Value, type ValueMap } from "../plugin/values";
import { formatDuration } from "./duration";
import { CONTAINER, READ_EMPTY } from "./containerSchema";
import { bareMap, completed, withSecrets } from "./property";

const MEBIBYTE = 1024 * 1024;

/** The state: what was asked for, and over it what the engine says of it now. */
export function containerState(
    inspected: ValueMap,
    asked: ValueMap,
    { refreshed }: { refreshed: boolean },
): ValueMap {
    const said = askedState([...Object.keys(CONTAINER), "containerLogs"], asked, refreshed);
    const found = live(inspected, bareMap(asked));
    const state = { ...said, ...found, ...(refreshed ? {} : notYetRead(said)) };
    return withSecrets(state, asked);
}

/** These properties as the program said them, or as the state has what nobody said. */
export function askedState(
    names: readonly string[],
    asked: ValueMap,
    refreshed: boolean,
): ValueMap {
    return Object.fromEntries(
        names.map((name): [string, Value] => [
            name,
            completed(CONTAINER[name], asked[name], refreshed),
        ]),
    );
}

/** A new container's state has these as the program said them, whatever the engine says. */
function notYetRead(said: ValueMap): ValueMap {
    const names = [...READ_EMPTY, "mounts"] as const;
    return Object.fromEntries(names.map((name): [string, Value] => [name, said[name] ?? null]));
}

function live(inspected: ValueMap, was: ValueMap): ValueMap {
    const config = map(inspected["Config"]) ?? {};
    const host = map(inspected["HostConfig"]) ?? {};
    const network = map(inspected["NetworkSettings"]) ?? {};
    return {
        id: inspected["Id"] ?? "",
        name: (text(inspected["Name"]) ?? "").replace(/^\/+/, ""),
        platform: inspected["Platform"] ?? "",
        image: text(was["image"])?.startsWith("sha256:")
            ? (inspected["Image"] ?? "")
            : (config["Image"] ?? ""),
        ...running(inspected, network, was),
        ...process(config, was),
        ...hosting(host, was),
        ...resources(host, was),
        bridge: text(network["Bridge"]) ?? "",
        networkDatas: networkDatas(map(network["Networks"]) ?? {}),
    };
}

/** A container that is to run and does not: mustRun is false then, and no port is bound. */
function running(inspected: ValueMap, network: ValueMap, was: ValueMap): ValueMap {
    const state = map(inspected["State"]) ?? {};
    const isRunning = bool(state["Running"]) ?? false;
    const mustRun = bool(was["mustRun"]) ?? true;
    return {
        mustRun: mustRun && isRunning,
        exitCode: isRunning ? null : (state["ExitCode"] ?? 0),
        ...(was["ports"] !== undefined &&
            (isRunning || mustRun) && { ports: ports(map(network["Ports"]) ?? {}) }),
    };
}

function process(config: ValueMap, was: ValueMap): ValueMap {
    const check = map(config["Healthcheck"]);
    return {
        hostname: config["Hostname"] ?? "",
        domainname: config["Domainname"] ?? "",
        command: config["Cmd"] ?? [],
        entrypoints: config["Entrypoint"] ?? [],
        user: config["User"] ?? "",
        workingDir: config["WorkingDir"] ?? "",
        tty: config["Tty"] ?? false,
        stdinOpen: config["OpenStdin"] ?? false,
        stopSignal: config["StopSignal"] ?? "",
        stopTimeout: config["StopTimeout"] ?? 0,
        healthcheck: check ? healthcheck(check) : (was["healthcheck"] ?? null),
    };
}

function healthcheck(check: ValueMap): ValueMap {
    const duration = (name: string) => formatDuration(number(check[name]) ?? 0);
    return {
        tests: check["Test"] ?? [],
        interval: duration("Interval"),
        timeout: duration("Timeout"),
        startPeriod: duration("StartPeriod"),
        startInterval: duration("StartInterval"),
        retries: check["Retries"] ?? 0,
    };
}

function hosting(host: ValueMap, was: ValueMap): ValueMap {
    const log = map(host["LogConfig"]) ?? {};
    const policy = map(host["RestartPolicy"]) ?? {};
    const adds = texts(host["CapAdd"]) ?? [];
    const drops = texts(host["CapDrop"]) ?? [];
    return {
        rm: host["AutoRemove"] ?? false,
        readOnly: host["ReadonlyRootfs"] ?? false,
        privileged: host["Privileged"] ?? false,
        publishAllPorts: host["PublishAllPorts"] ?? false,
        restart: policy["Name"] ?? "",
        maxRetryCount: policy["MaximumRetryCount"] ?? 0,
        init: host["Init"] ?? false,
        runtime: host["Runtime"] ?? "",
        ...(adds.length + drops.length > 0 && { capabilities: { adds, drops } }),
        securityOpts: host["SecurityOpt"] ?? [],
        dns: host["Dns"] ?? [],
        dnsOpts: host["DnsOptions"] ?? [],
        dnsSearches: host["DnsSearch"] ?? [],
        hosts: (texts(host["ExtraHosts"]) ?? []).map(extraHost),
        mounts: (maps(host["Mounts"]) ?? []).map(mount),
        tmpfs: host["Tmpfs"] ?? {},
        logDriver: log["Type"] ?? "",
        logOpts: was["logOpts"] === undefined ? {} : (log["Config"] ?? {}),
        storageOpts: host["StorageOpt"] ?? {},
        networkMode: host["NetworkMode"] ?? "",
        usernsMode: host["UsernsMode"] ?? "",
        ipcMode: host["IpcMode"] ?? "",
        sysctls: host["Sysctls"] ?? {},
        groupAdds: host["GroupAdd"] ?? [],
        ...(was["pidMode"] !== undefined && { pidMode: host["PidMode"] ?? "" }),
    };
}

function resources(host: ValueMap, was: ValueMap): ValueMap {
    const cpus = number(host["NanoCpus"]) ?? 0;
    return {
        memory: mebibytes(host["Memory"]),
        memoryReservation: mebibytes(host["MemoryReservation"]),
        memorySwap: mebibytes(host["MemorySwap"]),
        shmSize: mebibytes(host["ShmSize"]),
        cpuShares: host["CpuShares"] ?? 0,
        cpuSet: host["CpusetCpus"] ?? "",
        ...(cpus > 0 && { cpus: decimal(cpus / 1e9) }),
        deviceReadBps: throttles(host["BlkioDeviceReadBps"]),
        deviceReadIops: throttles(host["BlkioDeviceReadIOps"]),
        deviceWriteBps: throttles(host["BlkioDeviceWriteBps"]),
        deviceWriteIops: throttles(host["BlkioDeviceWriteIOps"]),
        ...(was["ulimits"] !== undefined && {
            ulimits: (maps(host["Ulimits"]) ?? []).map((limit) => ({
                name: limit["Name"] ?? "",
                soft: limit["Soft"] ?? 0,
                hard: limit["Hard"] ?? 0,
            })),
        }),
        ...(was["devices"] !== undefined && { devices: devices(host, was) }),
    };
}

/** By number, with all bindings; a stopped container has none. */
function ports(bound: ValueMap): ValueMap[] {
    const numbered = Object.entries(bound)
        .map(([port, bindings]) => {
            const [internal = "", protocol = ""] = port.split("/");
            return { internal: Number(internal), protocol, bindings: maps(bindings) ?? [] };
        })
        .sort((a, b) => a.internal - b.internal);
    return numbered.flatMap(({ internal, protocol, bindings }) =>
        bindings.map((binding) => ({
            internal,
            protocol,
            external: Number(text(binding["HostPort"]) ?? 0),
            ip: binding["HostIp"] ?? "",
        })),
    );
}

function networkDatas(networks: ValueMap): ValueMap[] {
    return Object.entries(networks).map(([networkName, value]) => {
        const endpoint = map(value) ?? {};
        return {
            networkName,
            ipAddress: endpoint["IPAddress"] ?? "",
            ipPrefixLength: endpoint["IPPrefixLen"] ?? 0,
            gateway: endpoint["Gateway"] ?? "",
            globalIpv6Address: endpoint["GlobalIPv6Address"] ?? "",
            globalIpv6PrefixLength: endpoint["GlobalIPv6PrefixLen"] ?? 0,
            ipv6Gateway: endpoint["IPv6Gateway"] ?? "",
            macAddress: endpoint["MacAddress"] ?? "",
        };
    });
}

function mount(mounted: ValueMap): ValueMap {
    const bind = map(mounted["BindOptions"]);
    const tmpfs = map(mounted["TmpfsOptions"]);
    const volume = map(mounted["VolumeOptions"]);
    return {
        type: mounted["Type"] ?? "",
        target: mounted["Target"] ?? "",
        source: mounted["Source"] ?? "",
        readOnly: mounted["ReadOnly"] ?? false,
        bindOptions: bind ? { propagation: bind["Propagation"] ?? "" } : null,
        tmpfsOptions: tmpfs
            ? { sizeBytes: tmpfs["SizeBytes"] ?? 0, mode: tmpfs["Mode"] ?? 0 }
            : null,
        volumeOptions: volume ? volumeOptions(volume) : null,
    };
}

function volumeOptions(volume: ValueMap): ValueMap {
    const driver = map(volume["DriverConfig"]);
    return {
        noCopy: volume["NoCopy"] ?? false,
        subpath: volume["Subpath"] ?? "",
        labels: Object.entries(map(volume["Labels"]) ?? {}).map(([label, value]) => ({
            label,
            value,
        })),
        driverName: driver?.["Name"] ?? "",
        driverOptions: driver?.["Options"] ?? null,
    };
}

/** The path in the container only where the program gave one: the engine always has one. */
function devices(host: ValueMap, was: ValueMap): ValueMap[] {
    const placed = new Set(
        (maps(was["devices"]) ?? []).flatMap(({ hostPath, containerPath }) =>
            containerPath ? (text(hostPath) ?? []) : [],
        ),
    );
    return (maps(host["Devices"]) ?? []).map((device) => {
        const hostPath = text(device["PathOnHost"]) ?? "";
        return {
            hostPath,
            permissions: device["CgroupPermissions"] ?? "",
            containerPath: placed.has(hostPath) ? (device["PathInContainer"] ?? "") : "",
        };
    });
}

/** Up to the second colon only, as the published plugin has it: an IPv6 address is cut. */
function extraHost(line: string): ValueMap {
    const [host = "", ip = ""] = line.split(":");
    return { host, ip };
}

function throttles(devices: Value | undefined): ValueMap[] {
    return (maps(devices) ?? []).map((device) => ({
        path: device["Path"] ?? "",
        rate: device["Rate"] ?? 0,
    }));
}

function mebibytes(value: Value | undefined): number {
    const bytes = number(value) ?? 0;
    return bytes > 0 ? Math.floor(bytes / MEBIBYTE) : bytes;
}

function decimal(cpus: number): string {
    return Number.isInteger(cpus) ? `${cpus}.0` : String(Number(cpus.toFixed(9)));
}
