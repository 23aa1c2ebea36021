// What Docker has on a host: its networks, said as a compose file says them, and its daemon.json.
import { DOCKER_FIELDS } from "../../../components/entries/daemon/daemon";
import { dockerSchema } from "../../../components/host/dockerSchema";
import { isRecord } from "../../../components/wire/fields";
import { messageOf } from "../../error";
import { fromCompose } from "../compose";
import { type Arguments } from "../program";
import { sectionsOf } from "../section";
import { type DockerNetwork } from "./collect";
import { type Found } from "./found";

/** Docker makes these itself. */
const DOCKERS_OWN = ["bridge", "host", "none", "docker_gwbridge", "ingress"];
/** Docker says them of each network since 28, or they say what `driver` and `ipam` say too. */
const PLAIN_OPTIONS = ["com.docker.network.enable_ipv4", "com.docker.network.enable_ipv6"];

export function networksOf(networks: readonly DockerNetwork[]): Found {
    const foreign = networks.filter(
        ({ Name, Labels }) => !DOCKERS_OWN.includes(Name) && Labels?.["crosshost"] === undefined,
    );
    const asCompose = {
        networks: Object.fromEntries(foreign.map((network) => [network.Name, composed(network)])),
    };
    const sections = sectionsOf(JSON.stringify(asCompose));
    const components = fromCompose(sections);
    const left = sections.flatMap((section) => section.left());
    return {
        components,
        left: [
            ...left.map(({ path, why }) => `Docker: ${path}: ${why}`),
            ...foreign.flatMap(attachedTo),
        ],
    };
}

function composed({ Name, Driver, Internal, EnableIPv6, IPAM, Options }: DockerNetwork): object {
    const options = Object.entries(Options ?? {}).filter(([key]) => !PLAIN_OPTIONS.includes(key));
    return {
        name: Name,
        driver: Driver,
        ...(Internal ? { internal: true } : {}),
        ...(EnableIPv6 ? { enable_ipv6: true } : {}),
        ipam: {
            config: (IPAM.Config ?? []).map(({ Subnet, Gateway, IPRange, AuxiliaryAddresses }) => ({
                subnet: Subnet,
                ...said("gateway", Gateway),
                ...said("ip_range", IPRange),
                ...said("aux_addresses", AuxiliaryAddresses),
            })),
        },
        driver_opts: Object.fromEntries(options),
    };
}

/** Docker prints what nobody has set as empty text, or not at all. */
function said(key: string, value: unknown): object {
    return value === undefined || value === null || value === "" ? {} : { [key]: value };
}

function attachedTo({ Name, Containers }: DockerNetwork): string[] {
    const names = Object.values(Containers ?? {}).map((one) => one.Name);
    return names.length === 0
        ? []
        : [
              `Docker: networks.${Name}: has ${names.sort().join(", ")}: give each a ContainerAttachment`,
          ];
}

/** `docker` of a Host, and what stays the admin's. */
export function daemonOf(text: string): { docker: Arguments | undefined; left: string[] } {
    const told = (key: string, why: string) => `daemon.json: ${key}: ${why}`;
    if (text === "") {
        return { docker: undefined, left: [] };
    }
    let values: unknown;
    try {
        values = JSON.parse(text);
    } catch (error) {
        return { docker: undefined, left: [`daemon.json: is not JSON: ${messageOf(error)}`] };
    }
    if (!isRecord(values) || Array.isArray(values)) {
        return { docker: undefined, left: ["daemon.json: is not a JSON object"] };
    }
    const fieldOf = (key: string) => DOCKER_FIELDS.find((one) => one.key === key)?.field;
    const known = Object.entries(values).flatMap(([key, value]): [string, unknown][] => {
        const field = fieldOf(key);
        return field === undefined ? [] : [[field, value]];
    });
    const { error } = dockerSchema.safeParse(Object.fromEntries(known));
    const wrong = new Map(error?.issues.map(({ path, message }) => [String(path[0]), message]));
    const kept = known.filter(([field]) => !wrong.has(field));
    const left = Object.keys(values).flatMap((key) => {
        const field = fieldOf(key);
        const why = field === undefined ? ADMINS : wrong.get(field);
        return why === undefined ? [] : [told(key, why)];
    });
    return {
        docker: kept.length === 0 ? undefined : (Object.fromEntries(kept) as Arguments),
        left,
    };
}

const ADMINS = "has no counterpart in `docker` of a Host; Crosshost leaves it in the file";
