import { hostNetwork } from "../../components/network/hostNetwork";
import { type NamedPlace, planNames } from "../../components/names/plan";
import { lines } from "../support/units";

const mesh = {
    vm1: hostNetwork("mesh", "10.42.1.0/24"),
    vm2: hostNetwork("mesh", "10.42.2.0/24"),
    vm3: hostNetwork("mesh", "10.42.3.0/24"),
};
const place = (host: string, address: string, ...names: string[]): NamedPlace => ({
    host,
    address,
    names,
    networks: mesh,
});
const api = place("vm1", "10.42.1.70", "crosshost-demo-api", "api");
const db = place("vm2", "10.42.2.70", "db", "postgres", "db");
const WATCH = ["watch containers", "attach on start"];

test("a host is told of the containers on other hosts", () => {
    expect(lines(planNames("vm1", [api, db]))).toEqual([
        ["name mesh 10.42.2.70", "db postgres"],
        WATCH,
    ]);
    expect(lines(planNames("vm3", [db, api]))).toEqual([
        ["name mesh 10.42.1.70", "api crosshost-demo-api"],
        ["name mesh 10.42.2.70", "db postgres"],
        WATCH,
    ]);
});

test("a name that a container of the host has on the network stays that one's", () => {
    const other = place("vm2", "10.42.2.80", "other", "api");
    expect(lines(planNames("vm1", [api, other]))).toEqual([
        ["name mesh 10.42.2.80", "other"],
        WATCH,
    ]);
    const same = place("vm2", "10.42.2.81", "api");
    expect(lines(planNames("vm1", [api, same]))).toEqual([]);
});

test("a name on another network is another", () => {
    const elsewhere = { ...db, networks: { vm1: hostNetwork("lan", "192.168.40.0/24") } };
    expect(lines(planNames("vm1", [{ ...api, names: ["db"] }, elsewhere]))).toEqual([
        ["name lan 10.42.2.70", "db postgres"],
        WATCH,
    ]);
});

test("a network that the host is not on says nothing there", () => {
    expect(lines(planNames("vm4", [api, db]))).toEqual([]);
});

test("the order of attachments is no change", () => {
    const all = [api, db, place("vm3", "10.42.3.70", "web")];
    expect(planNames("vm2", all)).toEqual(planNames("vm2", [...all].reverse()));
});
