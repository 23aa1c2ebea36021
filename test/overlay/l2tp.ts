import { z } from "zod";
import { type Backend } from "../../components/overlay/backends/backend";
import { type Flow } from "../../components/wire/flow";
import { entry } from "../../components/wire/unit";

const options = z.strictObject({ key: z.number().optional() });

/** GRE, as far as one entry shows it. */
export const gre: Backend<typeof options> = {
    options,
    summary: "GRE.",
    overhead: { "outer IPv4": 20, GRE: 8 },
    needs: { modules: ["ip_gre"] },
    claims: (_overlay, { key = 1 }) => [{ path: "backend.gre.key", thing: `GRE ${key}` }],
    plan: ({ bridge }, { key = 1 }, { underlay, gateway }, peers) => ({
        arrivals: [],
        flows: peers.map(({ subnet: range }): Flow => ({
            kind: "forward",
            bridge,
            by: { address: underlay },
            range,
            own: gateway,
        })),
        entries: peers.map((peer) =>
            entry(`link gre${peer.id}`, `gre local ${underlay} remote ${peer.underlay} key ${key}`),
        ),
    }),
};
