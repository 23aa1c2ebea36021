import { type BackendArgs } from "./args";
import { type Backend } from "./backend";
import { direct } from "./direct";
import { geneve } from "./geneve";
import { gre } from "./gre";
import { ipip } from "./ipip";
import { vxlan } from "./vxlan";
import { wireguard } from "./wireguard";

/** By the type, none of the argument's keys is without its backend. */
export type Backends = Readonly<Record<keyof BackendArgs, Backend>>;

export const BACKENDS: Backends = { vxlan, direct, gre, ipip, wireguard, geneve };
