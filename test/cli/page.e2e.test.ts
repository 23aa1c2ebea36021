import { layOut } from "../../cli/graph/layout";
import { pageOf } from "../../cli/graph/page";
import { topologyOf } from "../../cli/topology";
import { browser, look, type Scheme } from "../support/browser";
import { attachment, bridge, host, many, overlay, stateOf, twelve } from "./states";

const LONG = "a-name-that-somebody-chose-who-has-a-lot-of-time-and-no-line-to-fit-it-into";
const BACKGROUNDS: Readonly<Record<Scheme, string>> = {
    light: "rgb(255, 255, 255)",
    dark: "rgb(17, 22, 27)",
};

function odd() {
    const mesh = overlay("網路 🐳", ["vm1"]);
    return [
        ...host(`${LONG}-1`, 11),
        ...host("vm1", 12),
        ...host("WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", 13, { gone: true }),
        mesh,
        bridge(LONG, `${LONG}-1`, "10.60.0.0/24"),
        attachment("a", "vm1", mesh, "10.42.1.9", { containerName: "W".repeat(60), aliases: [] }),
    ];
}

describe("a browser shows the picture without overlap", () => {
    const chromium = browser();

    (chromium ? it : it.skip).each([
        ["twelve containers on three hosts", "light", twelve()],
        ["twelve containers on three hosts", "dark", twelve()],
        ["a hundred hosts", "light", many(100)],
        ["names of any length and script", "dark", odd()],
    ] as const)("of %s, %s", (_, scheme, resources) => {
        const topology = topologyOf(stateOf(resources));
        const scene = layOut(topology);
        expect(look(chromium ?? "", pageOf(topology, scene), scheme)).toEqual({
            texts: scene.labels.length,
            overlaps: [],
            outside: [],
            background: BACKGROUNDS[scheme],
        });
    });
});
