// `crosshost check`: one login for each host, all at once, then the matrix.
import { type Container, containersOf, lookupsOf, pairsOf } from "../reach";
import { stackId } from "../../components/wire/identity";
import { type State, stateOfStack } from "../state";
import { type Topology, topologyOf } from "../topology";
import { type Answers } from "./answers";
import { ask, connectionOf, type Questions } from "./ask";
import { type Paint, report } from "./report";
import { firewallsInTheWay, toldByHosts } from "./told";
import { type AnswersByHost, judge } from "./verdict";

export interface CheckOptions {
    readonly stack?: string;
}

/** What is to be printed, and whether all is as it should be. */
export interface Outcome {
    readonly text: string;
    readonly right: boolean;
}

export async function check({ stack }: CheckOptions, paint: Paint): Promise<Outcome> {
    const state = await stateOfStack(stack, "shown");
    const topology = topologyOf(state);
    const containers = containersOf(topology);
    const pairs = pairsOf(containers);
    const lookups = lookupsOf(containers);
    const answers = await askAll(state, topology, { containers, pairs, lookups });
    const verdict = judge(containers, pairs, lookups, answers);
    const unmade = topology.unmade.map(
        (one) => `${one} is incomplete in the state: run \`pulumi up\``,
    );
    const told = toldByHosts(topology, containers, answers);
    const firewalls = verdict.judged.some(({ finding }) => finding === "not reached")
        ? firewallsInTheWay(topology, answers)
        : [];
    const differences = [...unmade, ...verdict.differences, ...told, ...firewalls];
    return {
        text: report(containers, lookups.length, { ...verdict, differences }, paint),
        right: differences.length === 0,
    };
}

/** Hosts without containers are not asked. */
async function askAll(
    state: State,
    { project, stack, hosts }: Topology,
    { containers, pairs, lookups }: Omit<Questions, "stack">,
): Promise<AnswersByHost> {
    const on = (host: string) => (one: { readonly from: Container }) => one.from.host === host;
    const asked = hosts
        .map((host) => ({ host, own: containers.filter((one) => one.host === host.name) }))
        .filter(({ own }) => own.length > 0)
        .map(async ({ host, own }): Promise<[string, Answers]> => {
            const questions = {
                stack: stackId({ project, stack }),
                containers: own,
                pairs: pairs.filter(on(host.name)),
                lookups: lookups.filter(on(host.name)),
            };
            return [host.name, await ask(host, connectionOf(state, host.name), questions)];
        });
    return new Map(await Promise.all(asked));
}
