/** Each worker has a lab of its own; the first has the one that a run of a single file uses too. */
export function labOfWorker(name: string, worker: number): string {
    return worker === 1 ? name : `${name}${worker}`;
}
