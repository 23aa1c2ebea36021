// A container as the program describes it, in the words of Docker's API.
import {
    bool,
    defined,
    map,
    mapValues,
    maps,
    number,
    text,
    texts,
    type Value,
    type ValueMap,
} from "../plugin/values";
import { parseDuration } from "./duration";

const MEBIBYTE = 1024 * 1024;

/** The body of POST /containers/create. */
export function containerSpec(inputs: ValueMap): ValueMap {
    const ports = portsOf(inputs);
    return defined({
        Image: inputs["image"],
        Cmd: inputs["command"],
        Entrypoint: inputs["entrypoints"],
        Env: inputs["envs"],
        Hostname: inputs["hostname"],
        Domainname: inputs["domainname"],
        User: inputs["user"],
        WorkingDir: inputs["workingDir"],
        Tty: inputs["tty"],
        OpenStdin: inputs["stdinOpen"],
        StopSignal: inputs["stopSignal"],
        StopTimeout: inputs["stopTimeout"],
        Labels: labelsOf(inputs["labels"]),
        ExposedPorts: mapValues(ports, () => ({})),
        Volumes: mountPoints(inputs["volumes"]),
        Healthcheck: healthcheck(map(inputs["healthcheck"])),
        HostConfig: hostConfig(inputs, ports),
    });
}

function hostConfig(inputs: ValueMap, ports: ValueMap): ValueMap {
    return defined({
        ...resources(inputs),
        PortBindings: ports,
        RestartPolicy: restartPolicy(inputs),
        Runtime: inputs["runtime"],
        Mounts: maps(inputs["mounts"])?.map(mount),
        AutoRemove: inputs["rm"],
        ReadonlyRootfs: inputs["readOnly"],
        Privileged: inputs["privileged"],
        PublishAllPorts: inputs["publishAllPorts"],
        LogConfig: defined({ Type: inputs["logDriver"] ?? "", Config: inputs["logOpts"] }),
        Tmpfs: inputs["tmpfs"],
        ExtraHosts: maps(inputs["hosts"])?.map(
            ({ host, ip }) => `${text(host) ?? ""}:${text(ip) ?? ""}`,
        ),
        Binds: binds(inputs["volumes"]),
        VolumesFrom: maps(inputs["volumes"])?.flatMap(({ fromContainer }) => fromContainer ?? []),
        CapAdd: map(inputs["capabilities"])?.["adds"],
        CapDrop: map(inputs["capabilities"])?.["drops"],
        Dns: inputs["dns"],
        DnsOptions: inputs["dnsOpts"],
        DnsSearch: inputs["dnsSearches"],
        ...security(texts(inputs["securityOpts"])),
        NetworkMode: inputs["networkMode"],
        UsernsMode: inputs["usernsMode"],
        PidMode: inputs["pidMode"],
        IpcMode: inputs["ipcMode"],
        CgroupnsMode: inputs["cgroupnsMode"],
        Sysctls: inputs["sysctls"],
        GroupAdd: inputs["groupAdds"],
        Init: bool(inputs["init"]) ?? false,
        StorageOpt: inputs["storageOpts"],
    });
}

function resources(inputs: ValueMap): ValueMap {
    const cpus = text(inputs["cpus"]);
    return defined({
        ...updatable(inputs),
        CgroupParent: inputs["cgroupParent"],
        ShmSize: mebibytes(inputs["shmSize"]),
        NanoCpus: cpus === undefined ? undefined : Math.round(Number(cpus) * 1e9),
        CpuPeriod: cpus === undefined ? inputs["cpuPeriod"] : undefined,
        CpuQuota: cpus === undefined ? inputs["cpuQuota"] : undefined,
        Ulimits: maps(inputs["ulimits"])?.map(({ name = "", soft = 0, hard = 0 }) => ({
            Name: name,
            Soft: soft,
            Hard: hard,
        })),
        Devices: maps(inputs["devices"])?.map(device),
        DeviceCgroupRules: inputs["deviceCgroupRules"],
        DeviceRequests:
            gpuRequest(text(inputs["gpus"])) ?? maps(inputs["deviceRequests"])?.map(deviceRequest),
    });
}

/** What POST /containers/ID/update can change, and the published plugin does change. */
export function updateSpec(inputs: ValueMap): ValueMap {
    return { RestartPolicy: restartPolicy(inputs), ...updatable(inputs) };
}

export const UPDATABLE = [
    "restart",
    "maxRetryCount",
    "cpuShares",
    "memory",
    "memoryReservation",
    "cpuSet",
    "memorySwap",
    "deviceReadBps",
    "deviceReadIops",
    "deviceWriteBps",
    "deviceWriteIops",
] as const;

function updatable(inputs: ValueMap): ValueMap {
    const swap = number(inputs["memorySwap"]);
    return defined({
        CpuShares: inputs["cpuShares"],
        CpusetCpus: inputs["cpuSet"],
        Memory: mebibytes(inputs["memory"]),
        MemoryReservation: mebibytes(inputs["memoryReservation"]),
        MemorySwap: swap !== undefined && swap > 0 ? mebibytes(swap) : swap,
        BlkioDeviceReadBps: throttles(inputs["deviceReadBps"]),
        BlkioDeviceReadIOps: throttles(inputs["deviceReadIops"]),
        BlkioDeviceWriteBps: throttles(inputs["deviceWriteBps"]),
        BlkioDeviceWriteIOps: throttles(inputs["deviceWriteIops"]),
    });
}

/** The body of POST /networks/NAME/connect. */
export function endpointSpec(container: string, network: ValueMap): ValueMap {
    return {
        Container: container,
        EndpointConfig: defined({
            Aliases: network["aliases"],
            IPAMConfig: defined({
                IPv4Address: network["ipv4Address"],
                IPv6Address: network["ipv6Address"],
                LinkLocalIPs: network["linkLocalIps"],
            }),
            MacAddress: network["macAddress"],
            DriverOpts: pairs(texts(network["driverOpts"])),
            GwPriority: network["gwPriority"],
        }),
    };
}

function restartPolicy(inputs: ValueMap): ValueMap {
    return {
        Name: text(inputs["restart"]) ?? "no",
        MaximumRetryCount: number(inputs["maxRetryCount"]) ?? 0,
    };
}

function portsOf(inputs: ValueMap): Record<string, Value[]> {
    const ports: Record<string, Value[]> = {};
    for (const { internal, protocol, external, ip } of maps(inputs["ports"]) ?? []) {
        const port = `${number(internal) ?? 0}/${text(protocol) ?? "tcp"}`;
        (ports[port] ??= []).push({
            HostIp: text(ip) ?? "0.0.0.0",
            HostPort: String(number(external) ?? 0),
        });
    }
    return ports;
}

function healthcheck(check: ValueMap | undefined): ValueMap | undefined {
    if (!check) {
        return undefined;
    }
    const nanoseconds = (name: string) => parseDuration(text(check[name]) ?? "0s");
    return {
        Test: check["tests"] ?? [],
        Interval: nanoseconds("interval"),
        Timeout: nanoseconds("timeout"),
        StartPeriod: nanoseconds("startPeriod"),
        StartInterval: nanoseconds("startInterval"),
        Retries: number(check["retries"]) ?? 0,
    };
}

function mountPoints(volumes: Value | undefined): ValueMap | undefined {
    const listed = maps(volumes)?.flatMap(({ containerPath }) => text(containerPath) ?? []);
    return listed && Object.fromEntries(listed.map((path) => [path, {}]));
}

function binds(volumes: Value | undefined): string[] | undefined {
    return maps(volumes)?.flatMap((volume) => {
        const path = text(volume["containerPath"]);
        const from = text(volume["fromContainer"]);
        if (!path && !from) {
            throw new Error("volume entry without container path or source container");
        }
        if (path && from) {
            throw new Error("both a container and a path specified in a volume entry");
        }
        const source = text(volume["hostPath"]) ?? text(volume["volumeName"]);
        const relabel = text(volume["selinuxRelabel"]);
        const mode = (bool(volume["readOnly"]) ? "ro" : "rw") + (relabel ? `,${relabel}` : "");
        return path && source ? [`${source}:${path}:${mode}`] : [];
    });
}

function mount({ type, target, source, readOnly, ...options }: ValueMap): ValueMap {
    const bind = map(options["bindOptions"]);
    const tmpfs = map(options["tmpfsOptions"]);
    const volume = map(options["volumeOptions"]);
    return defined({
        Type: type,
        Target: target,
        Source: source,
        ReadOnly: readOnly,
        BindOptions: bind && defined({ Propagation: bind["propagation"] }),
        TmpfsOptions: tmpfs && defined({ SizeBytes: tmpfs["sizeBytes"], Mode: tmpfs["mode"] }),
        VolumeOptions: volume && volumeOptions(volume),
    });
}

function volumeOptions({ driverName, driverOptions, noCopy, subpath, labels }: ValueMap): ValueMap {
    const driver = driverName ?? driverOptions;
    return defined({
        NoCopy: noCopy,
        Subpath: subpath,
        Labels: labelsOf(labels),
        DriverConfig: driver && defined({ Name: driverName, Options: driverOptions }),
    });
}

function device({ hostPath, containerPath, permissions }: ValueMap): ValueMap {
    return {
        PathOnHost: text(hostPath) ?? "",
        PathInContainer: text(containerPath) ?? text(hostPath) ?? "",
        CgroupPermissions: text(permissions) ?? "rwm",
    };
}

function deviceRequest(request: ValueMap): ValueMap {
    return defined({
        Driver: request["driver"],
        Count: request["count"],
        DeviceIDs: request["deviceIds"],
        Capabilities: [request["capabilities"] ?? []],
        Options: request["options"],
    });
}

function gpuRequest(gpus: string | undefined): ValueMap[] | undefined {
    if (gpus === undefined) {
        return undefined;
    }
    const [, devices] = /^"?device=([^"]*)"?$/.exec(gpus) ?? [];
    if (devices === undefined && gpus !== "all") {
        throw new Error(`gpus ${gpus}: the lab's docker plugin knows "all" and "device=..." only`);
    }
    const capabilities = { Capabilities: [["gpu"]] };
    return devices === undefined
        ? [{ ...capabilities, Count: -1 }]
        : [{ ...capabilities, DeviceIDs: devices.split(",") }];
}

/** `systempaths=unconfined` is not for the engine: it stands for two empty lists. */
function security(options: string[] | undefined): ValueMap {
    const unconfined = "systempaths=unconfined";
    return defined({
        SecurityOpt: options?.filter((option) => option !== unconfined),
        ...(options?.includes(unconfined) && { MaskedPaths: [], ReadonlyPaths: [] }),
    });
}

function throttles(devices: Value | undefined): ValueMap[] | undefined {
    return maps(devices)?.map(({ path = "", rate = 0 }) => ({ Path: path, Rate: rate }));
}

function labelsOf(labels: Value | undefined): ValueMap | undefined {
    const listed = maps(labels)?.map(({ label, value }) => [text(label) ?? "", text(value) ?? ""]);
    return listed && valuesFrom(listed);
}

function pairs(options: string[] | undefined): ValueMap | undefined {
    const split = options?.flatMap((option) => {
        const [, name, value] = /^([^=]*)=(.*)$/s.exec(option) ?? [];
        return name === undefined || value === undefined ? [] : [[name, value]];
    });
    return split && valuesFrom(split);
}

function valuesFrom(entries: string[][]): ValueMap {
    return Object.fromEntries(entries.map(([name = "", value = ""]) => [name, value]));
}

function mebibytes(value: Value | undefined): number | undefined {
    const amount = number(value);
    return amount === undefined ? undefined : amount * MEBIBYTE;
}
