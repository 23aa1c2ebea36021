import { parseAnswers } from "../../cli/check/answers";
import { firewallsInTheWay, toldByHosts } from "../../cli/check/told";
import { containersOf } from "../../cli/reach";
import { topologyOf } from "../../cli/topology";
import { dockerName } from "../../components/wire/identity";
import { IDENTITY } from "../support/builders";
import { attachment, bridge, host, overlay, stateOf } from "./states";

const flows = {
    vm1: [
        {
            kind: "udp",
            device: "vx-mesh",
            port: 20473,
            to: "192.168.40.11",
            from: ["192.168.40.12"],
        },
    ],
};
const bare = overlay("mesh", ["vm1", "vm2"]);
const mesh = { ...bare, outputs: { ...bare.outputs, flows } };
const lan = bridge("lan", "vm1", "10.60.0.0/24", "lan");
const MESH = dockerName(IDENTITY, "mesh");
const topology = topologyOf(
    stateOf([
        ...host("vm1", 11),
        ...host("vm2", 12),
        mesh,
        lan,
        attachment("web", "vm1", mesh, "10.42.1.9"),
        attachment("db", "vm2", mesh, "10.42.2.9"),
        attachment("alone", "vm1", lan, "10.60.0.9"),
    ]),
);

function told(...facts: readonly string[]): string[] {
    const said = ["crosshost-check 1", ...facts.map((fact) => `fact ${fact}`), "end"].join("\n");
    const answers = parseAnswers(said);
    return toldByHosts(
        topology,
        containersOf(topology),
        new Map(answers ? [["vm1", answers]] : []),
    );
}

test("a container at an address of another host's part of an overlay is told, by whomever it was put there", () => {
    expect(
        told(
            `endpoint theirs ${MESH} 10.42.2.50 -`,
            `endpoint web ${MESH} 10.42.1.9 x:attachment-web`,
            "endpoint other lan 10.42.2.51 -",
        ),
    ).toEqual([
        expect.stringMatching(
            /^vm1: container theirs has the address 10\.42\.2\.50 on \S+, outside 10\.42\.1\.0\/24, this host's part: /,
        ),
    ]);
});

test("containers that find no names of other hosts are told, others with a mounted file are not", () => {
    const containers = [
        `container web running =${MESH} id 1 mark ports`,
        `container theirs running =bridge,${MESH} id 2 mark ports`,
        "container alone running =lan id 3 mark ports",
    ];
    const nameless = ["web", "theirs", "alone"].map((name) => `nameless ${name}`);
    const said = told("docker 28.5.2", ...containers, ...nameless);
    expect(said.map((line) => line.replace(/ does not find names of other hosts: .*/, ""))).toEqual(
        ["vm1: container web", "vm1: container theirs"],
    );
});

test("nothing is told by a host that has no program, or gave no answer", () => {
    expect(told()).toEqual([]);
});

test("a firewall that drops an overlay's packets is told with the command that lets them through", () => {
    const said = [
        "crosshost-check 1",
        "fact address eth0 192.168.40.11/24 1500",
        "rule table inet admin {",
        "rule chain input {",
        "rule type filter hook input priority filter; policy drop;",
        "rule tcp dport 22 accept",
        "end",
    ];
    const answers = parseAnswers(said.join("\n"));
    expect(firewallsInTheWay(topology, new Map(answers ? [["vm1", answers]] : []))).toEqual([
        `vm1: its firewall (chain input of table inet admin) drops UDP to port 20473 from 192.168.40.12, which vx-mesh needs; to let it through (write it into the file that the rules are loaded from, too):
    nft insert rule inet admin input ip saddr { 192.168.40.12 } udp dport 20473 accept`,
    ]);
});
