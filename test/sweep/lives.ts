import { type Operation, OPERATIONS } from "./point";

interface Tried {
    /** Its operation was disturbed before it ended. */
    readonly hit: boolean;
    readonly problems: readonly string[];
}

/** What a sweep does to a stack on its hosts. */
export interface Life<Subject, Result extends Tried> {
    /** Before each life. */
    readonly begin?: (subject: Subject) => Promise<void>;
    /** Disturbs an operation once, and heals what became of it. */
    readonly disturb: (subject: Subject, tag: string, operation: Operation) => Promise<Result>;
    /** After a failure: hosts that nothing has touched yet, and an empty stack. */
    readonly anew: (subject: Subject) => Promise<Subject>;
    readonly tell: (result: Result) => void;
}

/** Stacks are made, changed and destroyed side by side, each operation disturbed once, until so many were hit. */
export async function lives<Subject, Result extends Tried>(
    settled: readonly Subject[],
    wanted: number,
    life: Life<Subject, Result>,
): Promise<Result[]> {
    const results: Result[] = [];
    let begun = 0;
    await Promise.all(
        settled.map(async (first) => {
            let subject = first;
            while (results.filter(({ hit }) => hit).length < wanted) {
                begun += 1;
                if (!(await live(subject, `${process.pid}-${begun}`, life, results))) {
                    subject = await life.anew(subject);
                }
            }
        }),
    );
    return results;
}

/** False if something was not healed. */
async function live<Subject, Result extends Tried>(
    subject: Subject,
    tag: string,
    { begin, disturb, tell }: Life<Subject, Result>,
    results: Result[],
): Promise<boolean> {
    await begin?.(subject);
    for (const operation of OPERATIONS) {
        const result = await disturb(subject, `${tag}-${operation}`, operation);
        results.push(result);
        tell(result);
        if (result.problems.length > 0) {
            return false;
        }
    }
    return true;
}
