import { z } from "zod";
import { type Backend } from "../../components/overlay/backends/backend";
import { type Flow } from "../../components/wire/flow";
import { entry } from "../../components/wire/unit";

const options = z.strictObject({ session: z.number().optional() });

/** L2TP, as far as one entry shows it. */
export const l2tp: Backend<typeof options> = {
    options,
    summary: "L2TP.",
    overhead: { "outer IPv4": 20, L2TP: 8 },
    needs: { modules: ["l2tp_eth"] },
    claims: (_overlay, { session = 1 }) => [
        { path: "backend.l2tp.session", thing: `L2TP session ${session}` },
    ],
    plan: ({ bridge }, { session = 1 }, { underlay, gateway }, peers) => ({
        arrivals: [],
        flows: peers.map(({ subnet: range }): Flow => ({
            kind: "forward",
            bridge,
            by: { address: underlay },
            range,
            own: gateway,
        })),
        entries: peers.map((peer) =>
            entry(
                `link l2tp${peer.id}`,
                `l2tp local ${underlay} remote ${peer.underlay} session ${session}`,
            ),
        ),
    }),
};
